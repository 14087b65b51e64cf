"""The model card: rendered from a repository's own metrics, never from anything typed in.

python -m train card ser_core/pretrained      # README.md there, and model_card.md here
"""

import json
from dataclasses import dataclass
from pathlib import Path

import jinja2

from ser_core.config import FeatureConfig
from ser_core.errors import ModelNotFoundError

TEMPLATE = Path(__file__).with_name("card.md.jinja")
SPEECH_GATE = Path(__file__).parent / "results" / "speech_gate" / "metrics.json"


@dataclass(frozen=True)
class ModelCard:
    """Everything the card says, in three groups: given, measured, constant.

    Attributes:
        config: the feature config.
        dataset: dataset.json.
        metrics: metrics.json.
        speech_gate: the speech gate's own metrics, or None where they are not at hand.
    """

    config: FeatureConfig
    dataset: dict
    metrics: dict
    speech_gate: dict | None

    @classmethod
    def of(cls, directory: Path) -> "ModelCard":
        """Read a model repository.

        Raises:
            ModelNotFoundError: metrics.json or dataset.json is missing.
        """
        for name in ("metrics.json", "dataset.json"):
            if not (directory / name).is_file():
                raise ModelNotFoundError(f"{directory} has no {name}, which the card is made from.")
        gate = json.loads(SPEECH_GATE.read_text("utf-8")) if SPEECH_GATE.is_file() else None
        return cls(
            config=FeatureConfig.load(directory),
            dataset=json.loads((directory / "dataset.json").read_text("utf-8")),
            metrics=json.loads((directory / "metrics.json").read_text("utf-8")),
            speech_gate=gate,
        )

    def render(self) -> str:
        """Return the card as Markdown with front matter."""
        environment = jinja2.Environment(
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # Markdown, not HTML
        )
        environment.filters["percent"] = lambda value, digits=1: f"{100 * value:.{digits}f} %"
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        by_speaker = self.metrics["by_speaker"]
        return template.render(
            config=self.config,
            dataset=self.dataset,
            metrics=self.metrics,
            gate=self.speech_gate,
            worst=min(by_speaker.items(), key=lambda item: item[1]),
            best=max(by_speaker.items(), key=lambda item: item[1]),
            languages=sorted({corpus["language"] for corpus in self.dataset["corpora"]}),
            chance=max(self.dataset["corpora"][0]["by_emotion"].values())
            / self.dataset["corpora"][0]["clips"],
        )


def write(directory: Path) -> str:
    """Render the card of a repository into its README.md and return it."""
    text = ModelCard.of(directory).render()
    (directory / "README.md").write_text(text, encoding="utf-8")
    return text
