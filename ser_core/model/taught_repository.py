"""The repository of a taught model: the network's files, the head, and a card that says what it is.

What was measured of the network's own labels stays behind: it says nothing of the taught ones.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

from ..config.feature_config import FeatureConfig
from ..results import TeachingReport
from .check import Check, digest_keys
from .files import CARD, CHECK, FEATURE_CONFIG, HEAD, KERAS_FILES, LITERT_FORMS, files_in
from .repository import card_licence
from .teaching import TaughtHead, digest_head

_CARD = """---
{front_matter}
---

# Speech emotion recognition, taught: {labels}

Recognises {count} labels that somebody taught it from {clips} clips, with calibrated probabilities,
and says when there is no speech or when it is not sure.

```python
from ser_core import EmotionRecognizer

recognizer = EmotionRecognizer.from_pretrained("user/name")  # or a folder
print(recognizer.predict("clip.wav"))
```

## What it was taught, and by which test it is judged

{verdict}

{table}
Rows are the true labels. The interval takes the clips to be independent of one another; clips of
one person, or of one recording, are not, and then it is too narrow.{speakers}

{advice}

The probabilities are calibrated by one temperature on the same answers to clips that were not
taught. With so few clips that is rough.

## How it works

The network is {base}, unchanged. A linear head (logistic regression) over its
embeddings, which the clips above were turned into, and over its own answer gives these labels. The
head is numbers in `{head_file}`; nothing of the clips is here but those.

**The network alone answers its own labels** ({network_labels}), not these: with bare Keras or
LiteRT, that is without ser-core, the head has to be applied to what the network gives, as
`ser_core/model/teaching.py` does.

## What it is not for

It estimates how a voice sounds, by the clips that somebody chose. It does not know what anybody
feels, and is not for decisions about people: employment, education, policing, migration, credit,
insurance, health. The European Union's AI Act forbids inferring emotions at the workplace and in
education (Regulation (EU) 2024/1689, article 5(1)(f)).

## Licence

{licence} The recordings that it was taught with are not part of it; whoever publishes it needs the
agreement of the people who speak in them.
"""

_SPEAKERS = " Each clip was answered by a head that was not taught the clip's speaker."


def taught_files(directory: Path) -> tuple[str, ...]:
    """Name the files that a taught model takes over from the network's repository."""
    names = files_in(directory)
    return tuple(name for name in (*KERAS_FILES, *LITERT_FORMS.values()) if name in names)


def taught_texts(
    directory: Path, network: FeatureConfig, config: FeatureConfig, head: TaughtHead, base: str
) -> Mapping[str, str]:
    """Write what a taught model's repository has of its own.

    Args:
        directory: of the network's repository.
        network: the network's FeatureConfig.
        config: the taught model's.
        head: TaughtHead.
        base: id of the Hub repository that the network is of; "" for a folder, whose name is
            nobody's business.

    Returns:
        The files' content, by name.

    Raises:
        ConfigError: a file of the network's repository cannot be read.
    """
    texts = {
        FEATURE_CONFIG: config.to_json(),
        HEAD: head.to_json(),
        CARD: render_card(head, _licence(directory), base),
    }
    check = Check.load(directory)
    if check is not None:  # an older repository has none, and then there is nothing to go by
        changes = {"config": digest_keys(network), "head": digest_head(texts[HEAD])}
        texts[CHECK] = check.model_copy(update=changes).to_json()
    return texts


def render_card(head: TaughtHead, licence: str | None, base: str) -> str:
    """Write the card of a taught model.

    Args:
        head: TaughtHead.
        licence: the Hub's name of the licence of the network's weights; None where it states none.
        base: as for `taught_texts`.
    """
    report = head.report
    said = f"The network's weights are under {licence}, and so is this model."
    if licence is None:
        said = "The network's repository states no licence: ask its authors before passing this on."
    return _CARD.format(
        front_matter=_front_matter(report, licence, base).to_yaml(),
        labels=_escape(", ".join(head.labels)),
        count=len(head.labels),
        clips=report.total,
        verdict=_escape(report.verdict),
        advice=_escape(report.advice),
        table=report.to_markdown(),
        speakers="" if report.speakers is None else _SPEAKERS,
        base=f"that of [{base}](https://huggingface.co/{base})"
        if base
        else "that of another model",
        head_file=HEAD,
        network_labels=_escape(", ".join(head.network_labels)),
        licence=said,
    )


def _front_matter(report: TeachingReport, licence: str | None, base: str) -> ModelCardData:
    result = EvalResult(
        task_type="audio-classification",
        dataset_type="private",
        dataset_name=f"{report.total} clips of whoever taught it, {report.test}",
        metric_type="accuracy",
        metric_value=round(report.accuracy, 4),
    )
    return ModelCardData(
        license=licence,
        library_name="keras",
        pipeline_tag="audio-classification",
        tags=["speech-emotion-recognition", "ser-core", "taught"],
        base_model=base or None,
        model_name="taught",
        eval_results=[result],
    )


def _licence(directory: Path) -> str | None:
    return card_licence(directory) if CARD in files_in(directory) else None


def _escape(text: str) -> str:
    """Escape what Markdown would take for more than text."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|" else one for one in text)
