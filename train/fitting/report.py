"""After the last fold: calibrate, measure, audit, and write the results."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ser_core.config.emotions import LABELS
from ser_core.config.whole_files import write_text
from ser_core.model.files import METRICS, RECIPE, save_content

from ..answers import adaptation_gain, conformal, domain, fairness, out_of_fold
from ..answers.calibration import Calibration, calibrate
from ..answers.metrics import measure_answers, measure_intensity, scores
from ..answers.restricted import measure_held_out
from ..corpora import NO_SPEAKER
from ..data import feature_cache
from ..data.material import Material
from .plan import ALL_CLIPS, Run, new_network, prepare
from .run_audit import audit_run

log = logging.getLogger(__name__)


def report(run: Run) -> tuple[dict[str, Any], Calibration]:
    """Write `out_of_fold.csv` and `metrics.json` into the results.

    Args:
        run: Run whose folds are all finished.

    Returns:
        What metrics.json holds, and the calibration.
    """
    records = out_of_fold.read_records(run.results)
    raw = out_of_fold.read_folds(run.results, records)
    rule = run.recipe.abstention
    calibrated, calibration = calibrate(raw, rule.target_accuracy, rule.at_least)
    if not calibration.is_fitted:
        log.warning(
            "One fold is finished, and a temperature is fitted on the others: these figures are "
            "not calibrated."
        )
    table = run.results / out_of_fold.OUT_OF_FOLD
    out_of_fold.write_answers(table, calibrated)
    material = prepare(run, quiet=True)
    selected = tuple(range(run.recipe.features.select)) if run.recipe.features.select else None
    config = feature_cache.feature_config(run.recipe, run.labels, selected=selected)
    answers = out_of_fold.read_answers(table)
    intensity = measure_intensity(out_of_fold.read_intensities(run.results, records))
    genders = {clip.speaker: clip.gender for clip in run.clips}
    judged = [corpus.info.name for corpus in run.judged]
    is_held_out = run.protocol == "corpus" and run.labels == LABELS
    held_out = measure_held_out(answers, judged) if is_held_out else []
    notes = [note for corpus in run.corpora.values() for note in corpus.notes]
    metrics = {
        "recipe": run.recipe.name,
        "protocol": run.protocol,
        "corpus": ", ".join(judged),
        **({"notes": notes} if notes else {}),
        **measure_answers(answers),
        "calibration": {
            **asdict(calibration),
            **({} if calibration.is_fitted else {"fitted": False}),
            "uncalibrated": scores(raw.probabilities, raw.truth),
        },
        **(
            {"adaptation": adaptation_gain.measure_adaptation(answers)}
            if adaptation_gain.applies(answers)
            else {}
        ),
        **measure_sets_and_domain(answers),
        **({"held_out": held_out} if held_out else {}),
        **({"intensity": intensity} if intensity else {}),
        **(
            {"fairness": fairness.measure_fairness(answers, genders)}
            if len(run.judged) == 1 and NO_SPEAKER not in genders
            else {}
        ),
        "audit": audit_run(run, jobs=os.cpu_count() or 1, quiet=True).summary(),
        "run": join_records(list(records.values()), material),
        "parameters": int(new_network(run, config, ALL_CLIPS).count_params()),
    }
    save_content(run.results, METRICS, metrics)
    write_text(run.results / RECIPE, run.recipe.to_toml())
    return metrics, calibration


def measure_sets_and_domain(answers: out_of_fold.Answers) -> dict[str, Any]:
    """Measure conformal sets, and the domain where there are distances; nothing of one fold."""
    if not conformal.applies(answers):
        return {}
    sets = {"conformal": conformal.measure_conformal(answers)}
    return sets if answers.distances is None else sets | {"domain": domain.measure_domain(answers)}


def join_records(folds: Sequence[dict[str, Any]], material: Material) -> dict[str, Any]:
    """Join what the folds wrote down: seeds, versions, durations, identity."""
    content = hashlib.sha256("".join(sorted(c.digest for c in material.features)).encode())
    return {
        "id": folds[0]["run"],
        "seeds": [fold["seed"] for fold in folds],
        "passes": [fold.get("passes") for fold in folds],
        "train_seconds": [fold["train_seconds"] for fold in folds],
        "corpus_digest": content.hexdigest()[:16],
        "versions": folds[0]["versions"],
    }
