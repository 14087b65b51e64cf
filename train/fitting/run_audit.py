"""The audit of a run: its folds, what else they learn from, and what they wrote down."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ser_core.errors import ConfigError
from ser_core.model.files import RECIPE

from .. import recipe as recipes
from ..audit.audit import Audit, audit
from ..audit.finding import Finding
from ..audit.leaked_statistics import judge, read_fold
from ..audit.split import add_training_clips, split_by_protocol
from ..corpora import Corpus
from ..data import feature_cache
from .joint import choose_beside
from .plan import Run, prepare


def audit_run(run: Run, *, jobs: int = 1, quiet: bool = False) -> Audit:
    """Audit a run: its protocol's folds, what else they learn from, and what they wrote down.

    Args:
        run: Run; what its finished folds wrote down is read from its results.
        jobs: int > 0, processes.
        quiet: whether to do without progress bars.
    """
    names = run.pretraining.corpora if run.pretraining else ()
    learnt = [run.corpora[name] for name in names]
    split = split_by_protocol(run.protocol, run.judged, learnt)
    chosen = {fold.number: choose_beside(run, fold.train) for fold in run.folds}
    split = add_training_clips(split, run.beside_heads, chosen)
    return audit(split, statistics=statistics_of(run, quiet=quiet), jobs=jobs, quiet=quiet)


def statistics_of(run: Run, *, quiet: bool = False) -> tuple[list[Finding], str]:
    """Fit again what each fold of a run wrote down; say how many folds wrote nothing down."""
    if run.recipe.heads is not None:
        return [], "of features, fixed in the recipe; those of summaries were not checked"
    folds = run.folds
    stored = {fold.number: read_fold(run.results, fold.number) for fold in folds}
    if not any(stored.values()):
        return [], "not recorded in any fold"
    material, config = (
        prepare(run, quiet=quiet),
        feature_cache.feature_config(run.recipe, run.labels),
    )
    findings: list[Finding] = []
    verdicts: Counter[str] = Counter()
    for fold in folds:
        fitted = stored[fold.number]
        if fitted is None:
            verdicts["not recorded"] += 1
            continue
        found, verdict = judge(fitted, material, config, fold)
        findings += found
        verdicts[verdict] += 1
    text = ", ".join(f"{count} of {len(folds)} folds {what}" for what, count in verdicts.items())
    if run.recipe.network.parameters.get("projection"):
        text += "; principal components are in the weights and were not checked"
    return findings, text


def audit_results(
    results: Path, corpora: Mapping[str, Corpus], *, cache: Path, jobs: int = 1, quiet: bool = False
) -> Audit:
    """Audit a results folder as it was run: recipe, protocol, pre-training, statistics.

    Args:
        results: folder with recipe.toml and folds, called like its protocol.
        corpora: by name, those of the run.
        cache: folder of the feature cache.
        jobs: int > 0, processes.
        quiet: whether to do without progress bars.

    Raises:
        ConfigError: the folder is not of a run, or a corpus of its recipe is missing.
    """
    if not (results / RECIPE).is_file():
        raise ConfigError(f"{results} has no {RECIPE}, so it is no folder of results.")
    recipe = recipes.load(str(results / RECIPE))
    run = Run(recipe, results.name, dict(corpora), results, results / "work", cache)
    return audit_run(run, jobs=jobs, quiet=quiet)
