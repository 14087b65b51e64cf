"""The tabs as a bar at the bottom of a phone's screen: style.css draws it.

A tab that is opened there begins at its top, wherever the one before was scrolled to.
"""

SCRIPT = """
(() => {
  document.addEventListener("click", event => {
    const bar = event.target.closest && event.target.closest(".tab-wrapper");
    const tab = bar && event.target.closest("[role=tab], .overflow-dropdown button");
    if (tab && getComputedStyle(bar).position === "fixed") window.scrollTo(0, 0);
  });
})();
"""
