"""Look for leaks between the training and the test side of any split of any corpora.

    python -m train audit --corpus ravdess=PATH --protocol speaker
    python -m train audit --corpus ravdess=PATH --split my_folds.csv
    python -m train audit --corpus ravdess=PATH --corpus nemo=PATH \\
        --results train/results/tiny/speaker --write

| kind | what is on both sides |
|---|---|
| `identical` | a file with the same bytes, or with the same samples |
| `re-encoded` | one recording, through another codec or sample rate, louder, trimmed or delayed |
| `augmented` | one recording, with noise, another pitch or another speed |
| `upsampled` | a recording that is listed several times, as when rare classes are filled up |
| `speaker` | a speaker, other corpora of the same people included |
| `statistics` | nothing: a mean, a deviation or a choice of features was fitted on test clips |

A results folder's protocol, recipe and folds are audited as they were run, pre-training corpora
included. What could not be checked is said.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError, SpeechEmotionError
from ser_core.model.files import METRICS, files_in, load_content, save_content

from ..corpora import Corpus
from .copies import copies
from .finding import Finding
from .split import Split, read_split, split_by_protocol

KINDS = ("identical", "re-encoded", "augmented", "upsampled", "speaker", "statistics")
SHOWN = 20  # findings of a kind that are printed


class LeakError(SpeechEmotionError, ValueError):
    """Something stands on both sides of a split."""


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        findings: every leak.
        checked: by name, what was looked at, and what could not be.
    """

    findings: tuple[Finding, ...]
    checked: Mapping[str, str] = field(default_factory=dict)

    @property
    def leaks(self) -> int:
        """How many leaks there are."""
        return len(self.findings)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the leaks, by name."""
        return sorted({finding.kind for finding in self.findings})

    def summary(self) -> dict[str, Any]:
        """What metrics.json keeps: the count, the kinds, and what was checked."""
        return {"leaks": self.leaks, "kinds": self.kinds, "checked": dict(self.checked)}

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return self.summary() | {"findings": [asdict(finding) for finding in self.findings]}

    def __str__(self) -> str:
        lines = [f"{name}: {text}" for name, text in self.checked.items()]
        counts = Counter(finding.kind for finding in self.findings)
        for kind in KINDS:
            if counts[kind]:
                lines += ["", f"{kind}: {counts[kind]}"]
                of_kind = [finding for finding in self.findings if finding.kind == kind]
                lines += [f"  fold {one.fold}: {one.text}" for one in of_kind[:SHOWN]]
                if counts[kind] > SHOWN:
                    lines.append(f"  and {counts[kind] - SHOWN} more")
        return "\n".join([*lines, "", f"{self.leaks or 'no'} leaks found"])

    def require_none(self) -> None:
        """Raise LeakError where there is a leak."""
        if self.leaks:
            raise LeakError(
                f"{self.leaks} leaks between training and test ({', '.join(self.kinds)}): figures "
                "of this split say nothing about new speakers."
            )


def audit(
    split: Split,
    *,
    statistics: tuple[Sequence[Finding], str] = ((), "not recorded"),
    jobs: int = 1,
    quiet: bool = False,
) -> Audit:
    """Look for leaks across the folds of a split.

    Args:
        split: Split.
        statistics: findings of that kind and what was checked, as `fitting.run_audit` makes them.
        jobs: int > 0, processes.
        quiet: whether to do without progress bars.

    Raises:
        AudioError: a file cannot be read.
    """
    findings, checked = copies(split, jobs=jobs, quiet=quiet)
    findings += find_speakers(split)
    unknown = sum(item.speaker is None for item in split.items)
    known = {item.speaker for item in split.items} - {None}
    checked["speaker"] = f"{len(known)} speakers" + (
        f"; nobody says who speaks in {unknown} of {len(split.items)} rows" if unknown else ""
    )
    found, what = statistics
    checked["statistics"] = what
    return Audit((*findings, *found), {"folds": str(len(split.folds))} | checked)


def find_speakers(split: Split) -> Iterator[Finding]:
    """Yield one finding per speaker and fold who is on both sides."""
    for fold in split.folds:
        training = {split.items[i].speaker for i in fold.train}
        testing = Counter(split.items[i].speaker for i in fold.test)
        for speaker, clips in sorted((s, n) for s, n in testing.items() if s is not None):
            if speaker in training:
                text = f"speaker {speaker} is in training, and in test with {clips} clips"
                yield Finding("speaker", fold.number, (speaker,), text)


def audit_corpora(
    corpora: Mapping[str, Corpus],
    protocol: str,
    *,
    pretraining: tuple[str, ...] = (),
    jobs: int = 1,
    quiet: bool = False,
) -> Audit:
    """Audit a protocol's folds of some corpora, of which some are only trained on."""
    judged = [corpus for name, corpus in corpora.items() if name not in pretraining]
    learnt = [corpora[name] for name in pretraining if name in corpora]
    return audit(split_by_protocol(protocol, judged, learnt), jobs=jobs, quiet=quiet)


def audit_split(
    file: Path,
    corpora: Mapping[Path, Corpus],
    *,
    pretraining: tuple[Corpus, ...] = (),
    model: Path | None = None,
    jobs: int = 1,
    quiet: bool = False,
) -> Audit:
    """Audit a split file, and with `model` the statistics in that model's feature config.

    Args:
        file: CSV, see train/audit/split.py.
        corpora: by their folder.
        pretraining: corpora that every fold trains on in whole.
        model: folder of a model that was trained on the training side of the file's only fold.
        jobs: int > 0, processes.
        quiet: whether to do without progress bars.

    Raises:
        ConfigError: the file is no split, or `model` is given and it has several folds, or files
            that are in no corpus.
    """
    split = read_split(file, corpora, pretraining)
    if model is None:
        return audit(split, jobs=jobs, quiet=quiet)
    if len(split.folds) != 1:
        raise ConfigError(
            f"{file} has {len(split.folds)} folds, and --model is one network: give a split of the "
            "one fold that it was trained on."
        )
    from ..data import feature_cache  # only now: Keras takes seconds to import
    from ..data.material import Material
    from .leaked_statistics import Fitted, judge

    clips = {clip.path.resolve(): clip for corpus in corpora.values() for clip in corpus.clips}
    missing = [
        item.name for item in split.items[: split.judged] if item.path.resolve() not in clips
    ]
    if missing:
        raise ConfigError(f"{missing[0]} is in no given corpus, so no statistics can be fitted.")
    rows = [clips[item.path.resolve()] for item in split.items[: split.judged]]
    config = FeatureConfig.load(model)
    present: dict[str, Sequence[str]] = {
        corpus.info.name: corpus.info.labels for corpus in corpora.values()
    }
    features = feature_cache.compute(rows, config, quiet=quiet)
    targets = feature_cache.emotion_targets(rows, config.labels, present)
    material = Material(features, targets, feature_cache.intensity_targets(rows))
    stored = Fitted(config.normalisation, config.selected)
    only = split.folds[0]
    fold = replace(only, train=only.train[only.train < split.judged])
    findings, verdict = judge(stored, material, config, fold)
    return audit(split, statistics=(findings, verdict), jobs=jobs, quiet=quiet)


def write_summary(outcome: Audit, folder: Path) -> None:
    """Put what an audit found into a folder's metrics.json.

    Raises:
        ConfigError: there is no metrics.json.
    """
    if METRICS not in files_in(folder):
        raise ConfigError(f"{folder} has no {METRICS} to write the audit into.")
    save_content(folder, METRICS, load_content(folder, METRICS) | {"audit": outcome.summary()})
