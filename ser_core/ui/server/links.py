"""Links that open the page at a tab, or with one of its examples.

`?tab=timeline` opens the tab whose name begins so, `?example=sad` answers that example of Predict,
and `?tab=timeline&example=conversation` that of Timeline. What is not there is left out.
"""

SCRIPT = """
(() => {
  const asked = new URLSearchParams(location.search);
  const tab = asked.get("tab"), example = asked.get("example");
  if (!tab && !example) return;
  const named = () => tab && [...document.querySelectorAll("[role=tab], .overflow-dropdown button")]
    .find(one => one.textContent.trim().toLowerCase().startsWith(tab.toLowerCase()));
  const button = () => /^[a-z]+$/.test(example || "")
    && document.getElementById(`example-${example}`);
  // What is not there after this is not there at all; Gradio listens a moment after it has drawn.
  const patience = 10000, moment = 500;
  const press = (find, then) => {
    const look = () => {
      const found = find();  // and again when it is pressed, as Gradio may draw it anew
      if (!found) return;
      watch.disconnect();
      setTimeout(() => { (find() || found).click(); then(); }, moment);
    };
    const watch = new MutationObserver(look);
    watch.observe(document, { childList: true, subtree: true });
    setTimeout(() => watch.disconnect(), patience);
    look();
  };
  if (tab) press(named, () => example && press(button, () => {}));
  else press(button, () => {});
})();
"""
