"""Places whose changes a screen reader announces.

Gradio gives the wrapper of an HTML component no attributes, and a live region that comes with its
words, as a card does, is not announced everywhere: so the wrapper, which stays, is made one.
"""

PLACES = (
    "answer",
    "moments",
    "timeline-summary",
    "compare-answers",
    "voice-status",
    "feedback-status",
)
"""Ids of HTML components. The Live tab has a live region of its own, which speaks less often."""

SCRIPT = """
(() => {
  const places = %s;
  const mark = () => places.forEach(id => {
    const place = document.getElementById(id);
    if (place && !place.hasAttribute("aria-live")) {
      place.setAttribute("aria-live", "polite");
      place.setAttribute("aria-atomic", "true");
    }
  });
  new MutationObserver(mark).observe(document, { childList: true, subtree: true });
})();
""" % list(PLACES)  # noqa: UP031, as braces are JavaScript's
