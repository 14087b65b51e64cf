"""Links that open the page at a tab, or with one of its examples.

`?tab=timeline` opens the tab that is known so, by its id or the first word of its title,
`?example=sad` answers that example, on the tab that it is one of. Capitals do not matter, what is
not there is left out, and of several the first counts.
"""

import json
import re
from collections.abc import Mapping

import gradio as gr

WORD = re.compile(r"[^\W\d_]+")

SCRIPT = """
(() => {
  const asked = new URLSearchParams(location.search).get("example") || "";
  const example = asked.trim().toLowerCase();
  if (!/^[a-z]+$/.test(example)) return;
  // What is not there after this is not there at all; Gradio listens a moment after it has drawn,
  // which may take longer on a busy machine.
  const patience = 10000, moment = 500, again = 1500;
  const find = () => document.getElementById(`example-${example}`);
  const went = button => button.closest('[id^="tab-"]')?.querySelector("div[data-status]"
    + ":not([data-status=waiting]), div[data-timeline]:not([data-timeline=waiting])");
  // Whoever has begun with something of their own is not given an example any more.
  let theirs = false;
  const note = event => { theirs ||= event.isTrusted; };
  const acts = ["pointerdown", "keydown", "drop", "paste"];
  acts.forEach(act => document.addEventListener(act, note, true));
  const press = tries => {
    const button = find();  // found again, as Gradio may draw it anew
    if (theirs || button && went(button)) return;
    if (button) button.click();
    if (tries > 1) setTimeout(press, again, tries - 1);
  };
  const look = () => {
    if (!find()) return;
    watch.disconnect();
    setTimeout(press, moment, Math.floor(patience / again));
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { childList: true, subtree: true });
  setTimeout(() => watch.disconnect(), patience);
  look();
})();
"""

_OPEN = """() => {
  const tabs = %s, examples = new Map(%s);  // words, and the tabs they stand for
  const asked = new URLSearchParams(location.search);
  const word = name => (asked.get(name) || "").toLowerCase().match(/\\p{L}+/u)?.[0];
  const tab = word("tab"), known = tab && tabs.find(([known]) => known === tab)?.[1];
  const selected = examples.get(word("example")) ?? known;
  return [selected ? { selected, __type__: "update" } : { __type__: "update" }];
}"""


def open_linked_tab(
    demo: gr.Blocks, tabs: gr.Tabs, titles: Mapping[str, str], examples: Mapping[str, str]
) -> None:
    """Have the page open at the tab that its address names.

    Args:
        demo: the open Blocks.
        tabs: gr.Tabs of the page.
        titles: what stands on each tab, by its id, which has lower-case letters alone. A link may
            name either.
        examples: id of the tab that an example is on, by the example's name.
    """
    words = [(name, name) for name in titles]
    for name, title in titles.items():
        words += [(word, name) for word in WORD.findall(title.lower())[:1]]
    js = _OPEN % (json.dumps(words), json.dumps(list(examples.items())))
    demo.load(
        None, js=js, outputs=tabs, queue=False, show_progress="hidden", api_visibility="private"
    )
