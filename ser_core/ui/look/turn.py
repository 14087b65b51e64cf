"""Whose turn it is, out of what Gradio writes where somebody waits: "queue: 2/3 | 0.4s".

It is English, whatever the page is. The place is kept as an attribute, for style.css to write it
after words of the page's language; it goes when there is none, as once the turn has come.
"""

SCRIPT = """
(() => {
  const find = node => (node.nodeType === 1 ? node : node.parentElement)
    ?.closest(".ser-turn .progress-text, #timeline-summary .progress-text");
  const mark = words => {
    const place = words.textContent.match(/(\\d+)\\s*\\/\\s*(\\d+) *\\|/);
    if (!place) delete words.dataset.place;
    else if (words.dataset.place !== `${place[1]}/${place[2]}`)
      words.dataset.place = `${place[1]}/${place[2]}`;
  };
  new MutationObserver(changes => {
    for (const words of new Set(changes.flatMap(change =>
      [find(change.target), ...[...change.addedNodes].flatMap(node => node.querySelectorAll
        ? [...node.querySelectorAll(".progress-text")].map(find) : [])]))) if (words) mark(words);
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
