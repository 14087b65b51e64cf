"""What a fit works on: a recipe, a protocol, corpora; and what is measured on training clips."""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from ser_core.config.documents import read_bytes
from ser_core.config.emotions import LABELS
from ser_core.config.feature_config import FeatureConfig
from ser_core.errors import ConfigError

from ..corpora import CORPORA, Clip, Corpus, order_labels
from ..data import feature_cache
from ..data.digests import file_digest
from ..data.material import Material
from ..data.protocols import PROTOCOLS, Fold, clips_of
from ..data.selection import select
from ..networks import NETWORKS
from ..networks.pretrained_encoders import ONE_OF_MANY, weights_digest
from ..recipe import Pretraining, Recipe, load

PRETRAINING, ALL_CLIPS = 0, 99  # stand in for a fold's number where seeds are derived


@dataclass(frozen=True)
class Run:
    """What a fit works on.

    Attributes:
        recipe: Recipe.
        protocol: a name in PROTOCOLS.
        corpora: by name; those that the recipe pre-trains on are not judged on, except under the
            protocol `corpus`, where each is held out once and nothing is pre-trained.
        results: folder of the results that count, with a folder `folds` inside.
        work: folder for weights of unfinished runs.
        cache: folder of the feature cache.
        logs: folder for TensorBoard's logs, or None for none.
        encoder: where the pre-trained encoder is that the recipe, or its teacher, needs.
        teacher: the run of the recipe that teaches this one, or None.
    """

    recipe: Recipe
    protocol: str
    corpora: dict[str, Corpus]
    results: Path
    work: Path
    cache: Path
    logs: Path | None = None
    encoder: str | None = None
    teacher: "Run | None" = None

    @property
    def pretraining(self) -> Pretraining | None:
        """The phase on other corpora, if there is one."""
        return None if self.protocol == "corpus" else self.recipe.pretraining

    @property
    def beside(self) -> list[Corpus]:
        """The corpora that are heard with a teacher's answers alone."""
        if self.protocol == "corpus" or self.recipe.distillation is None:
            return []
        return [self.corpora[name] for name in self.recipe.distillation.beside]

    @property
    def judged(self) -> list[Corpus]:
        """The corpora that folds are made of."""
        elsewhere = self.recipe.further_corpora
        if self.protocol == "corpus":
            elsewhere = () if self.recipe.voices is None else (self.recipe.voices,)
        missing = [name for name in elsewhere if name not in self.corpora]
        if missing:
            raise ConfigError(
                f"Recipe {self.recipe.name} learns from {missing[0]} too: "
                f"give --corpus {missing[0]}=PATH."
            )
        judged = [corpus for name, corpus in self.corpora.items() if name not in elsewhere]
        if len(judged) != 1 and self.protocol != "corpus":
            raise ConfigError(
                f"Recipe {self.recipe.name} needs exactly one corpus to be judged on beside "
                f"{', '.join(elsewhere) or 'none'} for pre-training, got "
                f"{', '.join(self.corpora) or 'none'}: give each as --corpus NAME=PATH."
            )
        apart = self.recipe.heads.corpora if self.recipe.heads else ()  # by fold, see joint.py
        learnt = [self.corpora[name] for name in elsewhere if name not in apart]
        if self.protocol == "corpus":
            learnt = judged
        for corpus in judged:
            shared = {other.info.name for other in learnt} & set(corpus.info.same_speakers_as)
            if shared:
                raise ConfigError(
                    f"{corpus.info.name} and {min(shared)} are the same people, so training on one "
                    "and judging on the other would test voices that were heard: leave one out."
                )
        return judged

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in output order: those that the recipe names, else those of the corpora."""
        found = self.recipe.labels or order_labels(
            label
            for corpus in self.corpora.values()
            if corpus is not self.voices
            for label in corpus.info.labels
        )
        if len(found) == 1:
            raise ConfigError(
                f"{', '.join(self.corpora)} has one label, {found[0]}, from which there is nothing "
                "to learn: give recordings of two labels or more."
            )
        return found

    @property
    def learnt_beside(self) -> list[Corpus]:
        """The corpora that heads learn emotions from and that are not judged on."""
        if self.protocol == "corpus" or self.recipe.heads is None:
            return []
        return [self.corpora[name] for name in self.recipe.heads.corpora]

    @property
    def voices(self) -> Corpus | None:
        """The corpus of which heads learn no emotion, only how its speakers differ, if any."""
        name = self.recipe.voices
        return None if name is None else self.corpora.get(name)

    @property
    def beside_heads(self) -> list[Corpus]:
        """The corpora that heads are fitted on and that are not judged on."""
        return [*self.learnt_beside, *([] if self.voices is None else [self.voices])]

    @cached_property
    def clips(self) -> list[Clip]:  # made once, as it is asked for by position, clip by clip
        """The clips that folds count in."""
        return clips_of(self.protocol, [clip for corpus in self.judged for clip in corpus.clips])

    @property
    def folds(self) -> list[Fold]:
        """The protocol's folds."""
        return PROTOCOLS[self.protocol](self.clips)

    def identify(self, material: Material, *, without: frozenset[str] = frozenset()) -> str:
        """Identify what decides the weights, and what is learnt from that is not judged.

        Args:
            material, without: as for `digest`.

        Returns:
            The digest; and behind a hyphen, where there are any, that of the clips of the corpora
            beside the judged one and of an encoder's weights.
        """
        digest, beside = self.digest(material, without=without), self._digest_beside(without)
        return f"{digest}-{beside}" if beside else digest

    @property
    def needs_encoder(self) -> bool:
        """Whether the weights depend on which encoder is given."""
        is_own = self.recipe.encoder is not None and self.recipe.encoder.name in ONE_OF_MANY
        return is_own or (self.teacher is not None and self.teacher.needs_encoder)

    def list_uncounted(self, without: frozenset[str] = frozenset()) -> list[Corpus]:
        """List the corpora beside the judged one that `digest` does not look at."""
        skipped = {"distillation": None} if "distillation" in without else {}
        further = self.recipe.model_copy(update=skipped).further_corpora
        known = {corpus.info.name for corpus in self.beside_heads}
        names = () if self.protocol == "corpus" else further
        return [self.corpora[name] for name in names if self.corpora[name].info.name not in known]

    def _digest_beside(self, without: frozenset[str] = frozenset()) -> str:
        has_teacher = self.teacher is not None and "distillation" not in without
        parts = [self.teacher._digest_beside()] if self.teacher and has_teacher else []
        if self.recipe.encoder is not None and self.recipe.encoder.name in ONE_OF_MANY:
            parts.append(weights_digest(self.recipe.encoder.name, self.encoder))
        for corpus in self.list_uncounted(without):
            parts += self._digest_files(corpus)
        parts = [part for part in parts if part]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8] if parts else ""

    @cached_property
    def _digests(self) -> dict[str, list[str]]:
        return {}

    def _digest_files(self, corpus: Corpus) -> list[str]:
        """Digest each clip's file, once: a run's files are taken to stay what they are."""
        name = corpus.info.name
        if name not in self._digests:
            self._digests[name] = [file_digest(clip.path) for clip in corpus.clips]
        return self._digests[name]

    def digest(self, material: Material, *, without: frozenset[str] = frozenset()) -> str:
        """Identify what decides the weights, so that folds of another run are never mixed in.

        What a recipe is called decides nothing: a renamed one keeps its folds.

        Args:
            material: the clips that are learnt from.
            without: further sections of the recipe that do not matter.
        """
        skipped = {"name", "description", "claim", "abstention", "labels", *without}
        # Without defaults, so that a recipe keeps its identity when recipes learn a new word.
        decisive = self.recipe.model_dump(mode="json", exclude=skipped, exclude_defaults=True)
        digest = hashlib.sha256(json.dumps([self.protocol, decisive], sort_keys=True).encode())
        for clip in material.features:
            digest.update(clip.digest.encode())
        if self.labels != LABELS:  # so that folds of before recipes knew others keep theirs
            digest.update(json.dumps(self.labels).encode())
        for corpus in self.corpora.values():
            if corpus.info.name not in CORPORA:  # who chose labels and speakers may choose others
                told = [[clip.file, clip.emotion, clip.speaker] for clip in corpus.clips]
                digest.update(json.dumps(told).encode())
        for corpus in self.beside_heads:
            for other in self._digest_files(corpus):
                digest.update(other.encode())
        if self.teacher is not None and "distillation" not in without:
            digest.update(self.teacher.digest(material).encode())
        return digest.hexdigest()[:16]


def make_run(
    recipe: Recipe,
    protocol: str,
    corpora: dict[str, Corpus],
    *,
    results: Path,
    work: Path,
    cache: Path,
    logs: Path | None = None,
    encoder: str | None = None,
) -> Run:
    """Make a run whose results and weights lie in folders of their recipe's and protocol's name.

    A recipe with a teacher gets that one's run too, on the clips that both are judged on.

    Raises:
        ConfigError: there is no such protocol, or logs are wanted and TensorBoard is missing.
    """
    if logs is not None and importlib.util.find_spec("tensorboard") is None:
        raise ConfigError("TensorBoard's logs need its package: pip install tensorboard.")
    if protocol not in PROTOCOLS:
        known = ", ".join(PROTOCOLS)
        raise ConfigError(f"There is no protocol {protocol!r}: use one of {known}.")
    teacher = None
    if recipe.distillation is not None:
        further = () if protocol == "corpus" else recipe.further_corpora
        learnt = {name: corpus for name, corpus in corpora.items() if name not in further}
        classes = Run(recipe, protocol, corpora, results, work, cache).labels
        teacher = make_run(
            load(recipe.distillation.teacher).model_copy(update={"labels": classes}),
            protocol,
            learnt,
            results=results,
            work=work,
            cache=cache,
            logs=logs,
            encoder=encoder,
        )
    return Run(
        recipe,
        protocol,
        corpora,
        results=results / recipe.name / protocol,
        work=work / recipe.name,
        cache=cache,
        logs=logs,
        encoder=encoder,
        teacher=teacher,
    )


def corpora_for(recipe: Recipe, protocol: str, corpora: dict[str, Corpus]) -> dict[str, Corpus]:
    """Choose what a recipe needs under a protocol: the first corpus, and those to pre-train on."""
    if protocol == "corpus":
        return corpora
    wanted = {next(iter(corpora), None), *recipe.further_corpora}
    return {name: corpus for name, corpus in corpora.items() if name in wanted}


def prepare(run: Run, *, quiet: bool = False) -> Material:
    """Compute or fetch the features and targets of the clips that folds count in."""
    versions = run.recipe.versions(run.recipe.training)
    material = prepare_corpora(run, run.judged, versions, quiet=quiet)
    return material.take(np.resize(np.arange(len(material.features)), len(run.clips)))


def prepare_corpora(
    run: Run, corpora: list[Corpus], versions: tuple[str, ...], *, quiet: bool = False
) -> Material:
    """Compute or fetch the features and targets of some corpora."""
    clips = [clip for corpus in corpora for clip in corpus.clips]
    config = feature_cache.feature_config(run.recipe, run.labels)
    features = feature_cache.compute(clips, config, versions, cache=run.cache, quiet=quiet)
    present = {corpus.info.name: corpus.info.labels for corpus in corpora}
    targets = feature_cache.emotion_targets(clips, run.labels, present)
    return Material(features, targets, feature_cache.intensity_targets(clips))


def new_network(run: Run, config: FeatureConfig, fold: int) -> keras.Model:
    """Build the recipe's network with a fold's own seed."""
    keras.utils.set_random_seed(run.recipe.seed * 1000 + fold)
    build = NETWORKS[run.recipe.network.name]
    parameters = run.recipe.network.parameters
    return build(config.frames, config.features, len(config.labels), **parameters)


def learn_config(run: Run, material: Material) -> FeatureConfig:
    """Measure the statistics, and select the features, on the clips that are learnt from."""
    identity = feature_cache.feature_config(run.recipe, run.labels)
    if run.recipe.features.scale is not None:
        return identity
    statistics = feature_cache.fit_normalisation(material.features, identity)
    config = feature_cache.feature_config(run.recipe, run.labels, normalisation=statistics)
    if run.recipe.features.select is None:
        return config
    selected = select(material, config, run.recipe.features.select)
    return feature_cache.feature_config(
        run.recipe, run.labels, normalisation=statistics, selected=selected
    )


def name_of(number: int) -> str:
    """What a network is called on the progress bar."""
    return "all clips" if number == ALL_CLIPS else f"fold {number}"


def fold_weights(run: Run, number: int, digest: str) -> Path:
    """Say where the weights of a fold's network are kept."""
    return run.work / f"fold_{number}-{digest}.weights.h5"


def final_files(run: Run, digest: str) -> tuple[Path, Path]:
    """Say where the shipped network's weights and feature config are kept."""
    weights = run.work / f"all-{digest}.weights.h5"
    return weights, weights.with_suffix(".json")


def read_config(file: Path) -> FeatureConfig:
    """Read the feature config of the shipped network.

    Raises:
        ConfigError: it is not there, or damaged.
    """
    return FeatureConfig.from_json(read_bytes(file), source=file.name)
