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
    "teach-status",
    "teach-report",
    "teach-answer",
)
"""Ids of HTML components. The Live tab has a live region of its own, which speaks less often."""

NAMED = {"recording": "recorder", "timeline-strip": "timeline"}
"""The data-testid of components whose wrapper is Gradio's, by their id: what people's own tests of
the page go by."""

SCRIPT = """
(() => {
  const places = %s, named = %s;
  const mark = () => places.forEach(id => {
    const place = document.getElementById(id);
    if (place && !place.hasAttribute("aria-live")) {
      place.setAttribute("aria-live", "polite");
      place.setAttribute("aria-atomic", "true");
    }
  });
  const name = () => Object.entries(named).forEach(([id, known]) => {
    const place = document.getElementById(id);
    if (place && place.dataset.testid !== known) place.dataset.testid = known;
  });
  const all = () => { mark(); name(); };
  new MutationObserver(all).observe(document, { childList: true, subtree: true });
})();
""" % (list(PLACES), NAMED)  # noqa: UP031, as braces are JavaScript's
