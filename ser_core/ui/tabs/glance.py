"""How good the model is, at a glance: for anybody who asks."""

from ...config.emotions import are_the_eight
from ...model.records import Metrics
from ..look import text
from ..look.markup import Markup, bar, facts, fill, in_english, join, percent, section, small

PEOPLE = {"ravdess": (0.67, "Luna-Jiménez et al. 2022, table 1")}
"""How often listeners name the emotion of a corpus' clips, and who says so."""


def glance(metrics: Metrics) -> Markup:
    """Say in a few sentences, figures and bars how often the model is right, for anybody."""
    chance = 1 / len(metrics.labels)
    lengths = {text.GLANCE_GUESS: chance, text.GLANCE_MODEL: metrics.accuracy}
    note = ""
    if metrics.corpus in PEOPLE and are_the_eight(metrics.labels):
        lengths[text.GLANCE_PEOPLE], source = PEOPLE[metrics.corpus]
        note = text.GLANCE_PEOPLE_NOTE.format(source=source)
    rows = join(
        fill(
            '<li{own}><span>{name}</span>{bar}<span class="ser-share">{share}</span></li>',
            own=Markup(' class="ser-own"') if name == text.GLANCE_MODEL else "",
            name=name,
            bar=bar("", share),
            share=percent(share),
        )
        for name, share in lengths.items()
    )
    tiles = [
        (text.ACCURACY, percent(metrics.accuracy), text.GLANCE_ACCURACY),
        (text.TOP3, percent(metrics.top3_accuracy), text.TOP3_MEANS),
        (text.ECE, percent(metrics.ece), text.ECE_MEANS),
    ]
    if metrics.calibration is not None:
        rule = metrics.calibration
        tiles.insert(1, (text.GLANCE_SURE, percent(rule.answered), text.GLANCE_SURE_MEANS))
    return section(
        text.RESULTS,
        facts(tiles),
        fill('<ul class="ser-all ser-glance">{rows}</ul>', rows=rows),
        small(note),
        note=protocol_sentence(metrics),
    )


def protocol_sentence(metrics: Metrics) -> Markup:
    """Say what the numbers were measured on, and what follows for other recordings."""
    template = text.PROTOCOLS.get(metrics.protocol, text.PROTOCOL_OTHER)
    if not metrics.speakers:
        template = text.PROTOCOL_NAMELESS
    protocol = template.format(
        clips=metrics.clips, speakers=metrics.speakers, protocol=metrics.protocol
    )
    limits = text.CORPUS_LIMITS.get(metrics.corpus, "")
    return join(filter(None, (protocol, limits, *map(in_english, metrics.notes))), " ")
