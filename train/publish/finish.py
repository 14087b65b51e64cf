"""Assemble the model repository of a finished run."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ser_core import EmotionRecognizer
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder, write_text
from ser_core.model.files import (
    COMPARISON,
    DATASET,
    LITERT_FORMS,
    METRICS,
    RECIPE,
    ROBUSTNESS,
    load_content,
    save_content,
)

from ..answers import adaptation_gain, conformal, domain
from ..answers.calibration import Calibration
from ..corpora import CORPORA, NO_SPEAKER, Corpus
from ..corpora.overview import by_emotion_and_gender, durations
from ..corpora.own_folder import UNDETERMINED
from ..data import feature_cache
from ..data.material import Material
from ..data.storage import read_finished
from ..fitting.finished_work import find_final
from ..fitting.plan import (
    ALL_CLIPS,
    Run,
    new_network,
    prepare,
    prepare_corpora,
    read_config,
)
from ..fitting.report import report
from ..networks.export import export, fold_temperature
from ..networks.pretrained_encoders import ENCODERS
from .model_card import DIFFERENCES, write_card


def finish(run: Run, out: Path) -> None:
    """Report, and assemble the model repository from the network trained on all clips.

    Args:
        run: Run whose folds and final network are all finished.
        out: folder of the model repository; its files are replaced.
    """
    metrics, calibration = report(run)
    assemble(run, out, metrics, calibration)


def assemble(run: Run, out: Path, metrics: dict[str, Any], calibration: Calibration) -> None:
    """Write the model repository of the network trained on all clips, with what `report` gave."""
    material = prepare(run, quiet=True)
    weights, config_file = find_final(run, material)
    trained = read_config(config_file)
    config = feature_cache.feature_config(
        run.recipe,
        run.labels,
        normalisation=trained.normalisation,
        selected=trained.selected,
        temperature=calibration.temperature,
        uncertain_below=calibration.uncertain_below,
    ).model_copy(
        update={
            "adaptation": adaptation_gain.settings_of(metrics.get("adaptation")),
            "conformal": conformal.settings_of(metrics.get("conformal")),
            "domain": domain.settings_of(metrics.get("domain")),
        }
    )
    network = new_network(run, config, ALL_CLIPS)
    network.load_weights(weights)
    fold_temperature(network, config)
    with temporary_folder() as staging:
        large = run.recipe.heads is not None  # an encoder that 32 bits a weight make too large
        forms = ("int8",) if large else tuple(LITERT_FORMS)
        examples = example_inputs(material, config)
        export(network, config, staging, examples, forms=forms, half_weights=large)
        save_content(staging, METRICS, metrics)
        save_content(staging, DATASET, describe(run, material))
        write_text(staging / RECIPE, run.recipe.to_toml())
        beside = [(run.results, ROBUSTNESS)]
        if all(corpus.info.name in CORPORA for corpus in run.judged):  # those it compares
            beside.insert(0, (run.results.parents[1], COMPARISON))
        for place, name in beside:
            content = read_finished(place / name, lambda file: load_content(file.parent, file.name))
            if content is not None:
                save_content(staging, name, content)
        write_card(staging, source=str(out))
        EmotionRecognizer.from_pretrained(staging).save_pretrained(out)


def example_inputs(material: Material, config: FeatureConfig) -> np.ndarray:
    """One input of every twentieth clip, to compare a network's forms on."""
    return np.stack([clip.inputs(config)[0] for clip in material.features[::20]])


def describe(run: Run, material: Material) -> dict[str, Any]:
    """Describe what the network was trained on: what the dataset tab and the card show."""
    seconds = iter([clip.seconds for clip in material.features])
    rows = [
        describe_corpus(corpus, [next(seconds) for _ in corpus.clips], "training and evaluation")
        for corpus in run.judged
    ]
    if run.pretraining is not None:
        versions = run.recipe.versions(run.pretraining)
        for corpus in [run.corpora[name] for name in run.pretraining.corpora]:
            learnt = prepare_corpora(run, [corpus], versions, quiet=True).features
            rows.append(describe_corpus(corpus, [clip.seconds for clip in learnt], "pre-training"))
    for corpus in run.beside_heads:
        role = DIFFERENCES if corpus is run.voices else "training"
        rows.append(describe_corpus(corpus, durations(corpus.clips), role))
    described = {"labels": list(run.labels), "corpora": rows}
    encoder = run.recipe.encoder or (run.teacher and run.teacher.recipe.encoder)
    if encoder:
        known = ENCODERS[encoder.name]
        role = "in the network" if run.recipe.encoder else "in its teacher"
        facts = {"title": known.title, "licence": known.licence, "homepage": known.homepage}
        described["encoder"] = {"name": encoder.name, "role": role, **facts}
    return described


def describe_corpus(corpus: Corpus, seconds: list[float], role: str) -> dict[str, Any]:
    """Count a corpus by emotion, gender, speaker and duration."""
    clips = corpus.clips
    edges = np.arange(0.0, np.ceil(max(seconds)) + 0.5, 0.5)
    counts, _ = np.histogram(seconds, edges)
    by_gender = by_emotion_and_gender(corpus)
    genders = sorted({clip.gender for clip in clips})
    speakers = [clip.speaker for clip in clips if clip.speaker != NO_SPEAKER]
    return {
        "name": corpus.info.name,
        "title": corpus.info.title,
        "role": role,
        "language": corpus.info.language if corpus.info.language != UNDETERMINED else "",
        "licence": corpus.info.licence,
        "citation": corpus.info.citation,
        "homepage": corpus.info.homepage,
        "clips": len(clips),
        "hours": round(sum(seconds) / 3600, 3),
        "by_emotion": {label: sum(counts.values()) for label, counts in by_gender.items()},
        "by_emotion_and_gender": by_gender,
        "by_gender": dict(sorted(Counter(clip.gender for clip in clips).items())),
        "by_speaker": dict(sorted(Counter(speakers).items())),
        "by_intensity": dict(
            sorted(Counter(clip.intensity for clip in clips if clip.intensity).items())
        ),
        "speakers_by_gender": {
            gender: len({clip.speaker for clip in clips if clip.gender == gender} - {NO_SPEAKER})
            for gender in (genders if speakers else ())
        },
        **({"dropped": dict(corpus.dropped)} if corpus.dropped else {}),
        **({"notes": list(corpus.notes)} if corpus.notes else {}),
        "seconds": {
            "shortest": round(min(seconds), 2),
            "median": round(float(np.median(seconds)), 2),
            "longest": round(max(seconds), 2),
            "histogram_edges": edges.tolist(),
            "histogram_counts": counts.tolist(),
        },
    }
