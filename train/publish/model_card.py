"""The model card: rendered from a repository's own metrics, never from anything typed in.

python -m train card ser_core/pretrained      # README.md there, and model_card.md here
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from ser_core.config.emotions import LABELS
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import write_text
from ser_core.errors import ModelNotFoundError
from ser_core.model.files import (
    CARD,
    COMPARISON,
    DATASET,
    FORMS,
    LITERT_FORMS,
    METRICS,
    RECORDS,
    ROBUSTNESS,
    WAVEFORM_FILES,
    choose_form,
    files_in,
    load_content,
)

from ..answers import adaptation_gain
from ..corpora import CORPORA
from ..corpora.licences import LICENCES
from .hub_card import markdown_environment
from .hub_datasets import hub_datasets

TEMPLATE = Path(__file__).with_name("model_card.md.jinja")
SPEECH_GATE = Path(__file__).parents[1] / "results" / "speech_gate" / METRICS
DIFFERENCES = "differences between voices"  # role of a corpus that no emotion is learnt from
OTHER = "other"  # the Hub's name of a licence it has no name for
TAGS = ("speech-emotion-recognition", "emotion", "litert", "calibrated")
FIGURES = {  # name on the Hub, by name in metrics.json
    "accuracy": "Accuracy",
    "uar": "Unweighted average recall",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
}
WAYS = {
    "speaker": "unseen speakers",
    "random": "random clips, same speakers",
    "duplicated": "random clips, each there twice",
    "corpus": "an unseen corpus",
    "emobox": "unseen speakers, in EmoBox's folds",
}


Content = dict[str, Any]
"""Plain values of a JSON file, which its record has found valid."""


@dataclass(frozen=True)
class ModelCard:
    """Everything the card says, in three groups: given, measured, constant.

    Attributes:
        source: what `from_pretrained` takes: the repository's id, or a folder.
        config: the feature config.
        dataset: dataset.json.
        metrics: metrics.json.
        comparison: rows of comparison.json, or none.
        speech_gate: the speech gate's own metrics; None if they are not at hand.
        robustness: robustness.json, or None.
        forms: forms.json, or None.
        litert_file: name of the file that LiteRT loads, or None.
        waveform_files: names of those that take samples.
    """

    source: str
    config: FeatureConfig
    dataset: Content
    metrics: Content
    comparison: list[Content]
    speech_gate: Content | None
    robustness: Content | None
    forms: Content | None
    litert_file: str | None
    waveform_files: tuple[str, ...]

    @classmethod
    def of(cls, directory: Path, *, source: str) -> "ModelCard":
        """Read a model repository.

        Args:
            directory: its folder.
            source: what its readers give to `from_pretrained`.

        Raises:
            ModelNotFoundError: metrics.json or dataset.json is missing.
            ConfigError: a file is not what its record says.
        """
        present = files_in(directory)
        for name in (METRICS, DATASET):
            if name not in present:
                raise ModelNotFoundError(f"{directory} has no {name}, which the card is made from.")
        gate = json.loads(SPEECH_GATE.read_text("utf-8")) if SPEECH_GATE.is_file() else None
        content = {name: load_content(directory, name) for name in RECORDS if name in present}
        form = choose_form(present)
        return cls(
            source=source,
            config=FeatureConfig.load(directory),
            dataset=content[DATASET],
            metrics=content[METRICS],
            comparison=content.get(COMPARISON, []),
            speech_gate=gate,
            robustness=content.get(ROBUSTNESS),
            forms=content.get(FORMS),
            litert_file=None if form is None else LITERT_FORMS[form],
            waveform_files=tuple(name for name in WAVEFORM_FILES if name in present),
        )

    def front_matter(self) -> str:
        """What the Hub reads: licence, languages, tags, and the results as a model-index."""
        corpora = self.dataset["corpora"]
        data = ModelCardData(
            language=sorted({corpus["language"] for corpus in self.learnt} - {""}) or None,
            license=self.licence,
            # The Hub wants to know what "other" means.
            license_name="terms-of-the-corpora" if self.licence == OTHER else None,
            library_name="keras",
            pipeline_tag="audio-classification",
            tags=list(TAGS),
            datasets=hub_datasets(corpora),
            model_name=f"speech emotion recognition, {self.config.recipe}",
            eval_results=self.results(),
        )
        return data.to_yaml()

    @property
    def learnt(self) -> list[dict[str, Any]]:
        """The corpora that emotions were learnt from."""
        return [one for one in self.dataset["corpora"] if one["role"] != DIFFERENCES]

    @property
    def licence(self) -> str:
        """The Hub's name of the weights' licence: that of what was learnt, if all is under one."""
        ids = {corpus["licence"] for corpus in self.learnt}
        known = LICENCES.get(min(ids)) if len(ids) == 1 else None
        return known.hub if known else OTHER

    def results(self) -> list[EvalResult]:
        """Every figure of this recipe, per protocol, in the Hub's form."""
        main = {name: self.metrics["mean"].get(name) for name in FIGURES}
        main["ece"] = self.metrics["ece"]  # pooled: a fold alone is too small for it
        measured = [(self.metrics["protocol"], self.metrics["corpus"], main)]
        for row in self.comparison:
            if row["recipe"] == self.config.recipe and row["protocol"] != measured[0][0]:
                names = {
                    "accuracy": "accuracy_mean",
                    "uar": "uar_mean",
                    "macro_f1": "macro_f1_mean",
                }
                figures = {name: row[key] for name, key in names.items()} | {"ece": row["ece"]}
                measured.append((row["protocol"], row["corpus"], figures))
        return [
            EvalResult(
                task_type="audio-classification",
                task_name="Speech emotion recognition",
                dataset_type=corpus,
                dataset_name=f"{corpus}, {WAYS.get(protocol, protocol)}",
                dataset_config=protocol,
                metric_type=name,
                metric_name=words,
                metric_value=figures[name],
            )
            for protocol, corpus, figures in measured
            for name, words in FIGURES.items()
        ]

    def render(self) -> str:
        """Return the card as Markdown with front matter."""
        environment = markdown_environment()
        environment.filters["percent"] = lambda value, digits=1: f"{100 * value:.{digits}f} %"
        template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
        by_speaker = self.metrics["by_speaker"]
        return template.render(
            front_matter=self.front_matter(),
            source=self.source,
            config=self.config,
            dataset=self.dataset,
            licence=self.licence,
            voices=[one for one in self.dataset["corpora"] if one["role"] == DIFFERENCES],
            metrics=self.metrics,
            comparison=self.comparison,
            elsewhere=[
                row
                for row in self.comparison
                if row["protocol"] == "corpus" and row["recipe"] == self.config.recipe
            ],
            ways=WAYS,
            gate=self.speech_gate,
            robustness=self.robustness,
            forms=self.forms,
            litert_file=self.litert_file,
            waveform_files=self.waveform_files,
            adapted=adaptation_gain.adaptation_table(self.metrics.get("adaptation")),
            eight=self.config.labels == LABELS,
            known=self.metrics["corpus"].partition(",")[0] in CORPORA,
            unseen_speakers=self.metrics["protocol"] in ("speaker", "emobox"),
            by_speaker=by_speaker,
            worst=min(by_speaker.items(), key=lambda item: item[1], default=None),
            best=max(by_speaker.items(), key=lambda item: item[1], default=None),
            chance=max(self.dataset["corpora"][0]["by_emotion"].values())
            / self.dataset["corpora"][0]["clips"],
        )


def write_card(directory: Path, *, source: str) -> str:
    """Render the card of a repository into its README.md and return it.

    Args:
        directory: folder of the repository.
        source: what its readers give to `from_pretrained`: the repository's id, or a folder.
    """
    text = ModelCard.of(directory, source=source).render()
    write_text(directory / CARD, text)
    return text
