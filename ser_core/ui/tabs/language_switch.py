"""The switch of the page's language, with what the model itself understands.

It is a menu of links, so that it works in a frame that takes no cookies; SCRIPT, which the page
carries once, keeps what else stands in the page's address, and says in the page's language what
Gradio's widgets say in English alone.
"""

import json

from ...model.further_records import Dataset
from ..look import text
from ..look.markup import Markup, capitalize, fill, join, small
from ..words.languages import COOKIE, LANGUAGES, PARAMETER, current_language, name_language
from ..words.numbers import write_list

YEAR = 31_536_000  # [s] that a browser remembers a choice

_SCRIPT = """
document.addEventListener("click", event => {
  const link = event.target.closest && event.target.closest("a[data-language]");
  if (!link) return;
  const language = link.dataset.language, path = location.pathname.replace(/[/]+$/, "") || "/";
  document.cookie = `%s=${language}; max-age=%d; path=${path}; samesite=lax`;
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = new URL(location);
  address.searchParams.set("%s", language);
  location.assign(address);
});
document.addEventListener("click", event => document.querySelectorAll(".ser-languages[open]")
  .forEach(one => { if (!one.contains(event.target)) one.open = false; }));
document.addEventListener("keydown", event => {
  const open = event.key === "Escape" && document.querySelector(".ser-languages[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});
(() => {
  let words;
  const name = one => {
    const label = one.getAttribute("aria-label");
    if (!Object.hasOwn(words, label) || words[label] === label) return;
    one.dataset.english = label;
    one.setAttribute("aria-label", words[label]);
  };
  const nameWithin = place => place.querySelectorAll("[aria-label]").forEach(name);
  const watch = new MutationObserver(changes => {
    if (!words) {
      const place = document.querySelector("[data-language] [data-widgets]");
      if (!place) return;
      if (place.closest("[data-language]").dataset.language === "en") return watch.disconnect();
      words = JSON.parse(place.dataset.widgets);
      return nameWithin(document);
    }
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") name(target);
      for (const one of addedNodes) if (one.nodeType === 1) { name(one); nameWithin(one); }
    }
  });
  watch.observe(document, { childList: true, subtree: true, attributeFilter: ["aria-label"] });
})();
"""
SEVERAL = "mul"  # the code of ISO 639-2 for several languages, of which it names none
SCRIPT = _SCRIPT % (COOKIE, YEAR, PARAMETER)


def draw_switch(dataset: Dataset | None = None) -> Markup:
    """Draw the menu: each language by its own name, and what the choice does not change.

    Args:
        dataset: what the model learned from, if that is known.
    """
    spoken = current_language()
    links = join(
        fill(
            '<li><a href="?{parameter}={code}" data-language="{code}" lang="{code}" '
            'hreflang="{code}"{current}>{name}</a></li>',
            parameter=PARAMETER,
            code=code,
            current=Markup(' aria-current="true"') if code == spoken else "",
            name=capitalize(name_language(code, code)),
        )
        for code in LANGUAGES
    )
    return fill(
        '<details class="ser-languages" data-widgets="{widgets}">'
        '<summary><i class="ser-hidden">{title}: </i><span>{name}</span>'
        '<abbr title="{name}">{code}</abbr></summary>'
        "<div><ul>{links}</ul>{loss}{limits}</div></details>",
        widgets=json.dumps(dict(text.WIDGETS)),
        code=spoken.partition("-")[0].upper(),
        title=text.LANGUAGE,
        name=capitalize(name_language(spoken)),
        links=links,
        loss=small(text.LANGUAGE_LOSS),
        limits=small(language_limits(dataset)),
    )


def language_limits(dataset: Dataset | None) -> str:
    """Say which languages the model learned from, and that the page's changes nothing of it."""
    codes = dict.fromkeys(one.language for one in dataset.corpora) if dataset else {}
    learned = [name_language(code) for code in codes if code and code != SEVERAL]
    if not learned:
        return str(text.LANGUAGE_LIMITS_UNKNOWN)
    return str(text.LANGUAGE_LIMITS.format(languages=write_list(learned)))
