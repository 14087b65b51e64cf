"""After the last fold: calibrate, measure, write the results, and assemble the model repository."""

import hashlib
import logging
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ser_core import EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig
from ser_core.emotions import LABELS
from ser_core.model.files import COMPARISON, DATASET, METRICS, RECIPE, ROBUSTNESS, save_content

from ..answers import adaptation_gain, fairness, out_of_fold
from ..answers.calibration import Calibration, calibrate
from ..answers.metrics import measure_answers, measure_intensity, scores
from ..audit import audit
from ..corpora import Corpus
from ..data import feature_cache
from ..data.storage import read_json, write_text
from ..networks.export import export, fold_temperature
from ..networks.pretrained_encoders import ENCODERS
from ..publish import model_card
from .fit import ALL_CLIPS, final_files
from .loop import Material
from .plan import Run, new_network, prepare, prepare_corpora

log = logging.getLogger(__name__)


def report(run: Run) -> tuple[dict, Calibration]:
    """Write `out_of_fold.csv` and `metrics.json` into the results.

    Args:
        run: Run whose folds are all finished.

    Returns:
        What metrics.json holds, and the calibration.
    """
    raw = out_of_fold.read_folds(run.results)
    calibrated, calibration = calibrate(raw, run.recipe.abstention.target_accuracy)
    if not calibration.is_fitted:
        log.warning(
            "One fold is finished, and a temperature is fitted on the others: these figures are "
            "not calibrated."
        )
    table = run.results / out_of_fold.OUT_OF_FOLD
    out_of_fold.write_answers(table, calibrated)
    material = prepare(run, quiet=True)
    selected = tuple(range(run.recipe.features.select)) if run.recipe.features.select else None
    config = feature_cache.feature_config(run.recipe, selected=selected)
    answers = out_of_fold.read_answers(table)
    intensity = measure_intensity(out_of_fold.read_intensities(run.results))
    genders = {clip.speaker: clip.gender for clip in run.clips}
    metrics = {
        "recipe": run.recipe.name,
        "protocol": run.protocol,
        "corpus": ", ".join(corpus.info.name for corpus in run.judged),
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
        **({"intensity": intensity} if intensity else {}),
        **(
            {"fairness": fairness.measure_fairness(answers, genders)}
            if len(run.judged) == 1
            else {}
        ),
        "audit": audit.of_run(run, jobs=os.cpu_count() or 1, quiet=True).summary(),
        "run": fold_records(run, material),
        "parameters": int(new_network(run, config, ALL_CLIPS).count_params()),
    }
    save_content(run.results, METRICS, metrics)
    write_text(run.results / RECIPE, run.recipe.to_toml())
    return metrics, calibration


def finish(run: Run, out: Path) -> None:
    """Report, and assemble the model repository from the network trained on all clips.

    Args:
        run: Run whose folds and final network are all finished.
        out: folder of the model repository; its files are replaced.
    """
    metrics, calibration = report(run)
    assemble(run, out, metrics, calibration)


def assemble(run: Run, out: Path, metrics: dict, calibration: Calibration) -> None:
    """Write the model repository of the network trained on all clips, with what `report` gave."""
    material = prepare(run, quiet=True)
    weights, config_file = final_files(run, run.digest(material))
    trained = FeatureConfig.from_json(config_file.read_bytes(), source=config_file.name)
    config = feature_cache.feature_config(
        run.recipe,
        normalisation=trained.normalisation,
        selected=trained.selected,
        temperature=calibration.temperature,
        uncertain_below=calibration.uncertain_below,
    ).model_copy(update={"adaptation": adaptation_gain.settings_of(metrics.get("adaptation"))})
    network = new_network(run, config, ALL_CLIPS)
    network.load_weights(weights)
    fold_temperature(network, config)
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder)
        export(network, config, staging, example_inputs(material, config))
        save_content(staging, METRICS, metrics)
        save_content(staging, DATASET, describe(run, material))
        (staging / RECIPE).write_text(run.recipe.to_toml(), encoding="utf-8")
        for file in (run.results.parents[1] / COMPARISON, run.results / ROBUSTNESS):
            if file.is_file():
                shutil.copyfile(file, staging / file.name)
        model_card.write(staging, source=str(out))
        EmotionRecognizer.from_pretrained(staging).save_pretrained(out)


def example_inputs(material: Material, config: FeatureConfig) -> np.ndarray:
    """One input of every twentieth clip, to compare a network's forms on."""
    return np.stack([clip.inputs(config)[0] for clip in material.features[::20]])


def fold_records(run: Run, material: Material) -> dict:
    """Join what the folds wrote down: seeds, versions, durations, identity."""
    folds = [read_json(file) for file in out_of_fold.fold_files(run.results, "json")]
    content = hashlib.sha256("".join(sorted(c.digest for c in material.features)).encode())
    return {
        "id": folds[0]["run"],
        "seeds": [fold["seed"] for fold in folds],
        "passes": [fold.get("passes") for fold in folds],
        "train_seconds": [fold["train_seconds"] for fold in folds],
        "corpus_digest": content.hexdigest()[:16],
        "versions": folds[0]["versions"],
    }


def describe(run: Run, material: Material) -> dict:
    """Describe what the network was trained on: what the dataset tab and the card show."""
    seconds = iter([clip.seconds for clip in material.features])
    rows = [
        describe_corpus(corpus, [next(seconds) for _ in corpus.clips], "training and evaluation")
        for corpus in run.judged
    ]
    for name in run.pretraining.corpora if run.pretraining else ():
        corpus, versions = run.corpora[name], run.recipe.versions(run.pretraining)
        learnt = prepare_corpora(run, [corpus], versions, quiet=True).features
        rows.append(describe_corpus(corpus, [clip.seconds for clip in learnt], "pre-training"))
    described = {"labels": list(LABELS), "corpora": rows}
    encoder = run.recipe.encoder or (run.teacher and run.teacher.recipe.encoder)
    if encoder:
        known = ENCODERS[encoder.name]
        role = "in the network" if run.recipe.encoder else "in its teacher"
        facts = {"title": known.title, "licence": known.licence, "homepage": known.homepage}
        described["encoder"] = {"name": encoder.name, "role": role, **facts}
    return described


def describe_corpus(corpus: Corpus, seconds: list[float], role: str) -> dict:
    """Count a corpus by emotion, gender, speaker and duration."""
    clips = corpus.clips
    edges = np.arange(0.0, np.ceil(max(seconds)) + 0.5, 0.5)
    counts, _ = np.histogram(seconds, edges)
    emotions = Counter(clip.emotion for clip in clips)
    by_gender = Counter((clip.emotion, clip.gender) for clip in clips)
    genders = sorted({clip.gender for clip in clips})
    return {
        "name": corpus.info.name,
        "title": corpus.info.title,
        "role": role,
        "language": corpus.info.language,
        "licence": corpus.info.licence,
        "citation": corpus.info.citation,
        "homepage": corpus.info.homepage,
        "clips": len(clips),
        "hours": round(sum(seconds) / 3600, 3),
        "by_emotion": {label: emotions[label] for label in LABELS if emotions[label]},
        "by_emotion_and_gender": {
            label: {gender: by_gender[label, gender] for gender in genders}
            for label in LABELS
            if emotions[label]
        },
        "by_gender": dict(sorted(Counter(clip.gender for clip in clips).items())),
        "by_speaker": dict(sorted(Counter(clip.speaker for clip in clips).items())),
        "by_intensity": dict(
            sorted(Counter(clip.intensity for clip in clips if clip.intensity).items())
        ),
        "speakers_by_gender": {
            gender: len({clip.speaker for clip in clips if clip.gender == gender})
            for gender in genders
        },
        "seconds": {
            "shortest": round(min(seconds), 2),
            "median": round(float(np.median(seconds)), 2),
            "longest": round(max(seconds), 2),
            "histogram_edges": edges.tolist(),
            "histogram_counts": counts.tolist(),
        },
    }
