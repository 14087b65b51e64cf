"""Compare recipes under protocols: one table of what each figure means.

    python -m train compare --recipe tiny --recipe kbest_dense --protocol speaker \\
        --protocol random --corpus ravdess=PATH --corpus nemo=PATH

Whatever is not trained yet is trained, fold by fold; then every finished results folder becomes a
row of `comparison.json` and `comparison.md`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ser_core.config.whole_files import temporary_folder, write_text
from ser_core.features import assemble, choose_front_end, cover, split, stretch_inputs
from ser_core.model.files import (
    COMPARISON,
    LITERT_FORMS,
    METRICS,
    RECIPE,
    load_content,
    save_content,
)
from ser_core.model.litert_runtime import LiteRTRuntime

from .. import recipe as recipes
from ..answers.markdown import markdown_table
from ..data import feature_cache
from ..data.storage import read_finished
from ..networks import NETWORKS
from ..networks.litert_files import write_litert
from ..recipe import Recipe

PROTOCOL_ORDER = ("speaker", "emobox", "corpus", "random", "duplicated")
COST_SECONDS = 3.0  # [s] of audio that costs are measured on
COST_RUNS = 15
OWN = {
    "default": "this project's, embedded",
    "tiny": "this project's, the smallest",
    "compact": "this project's, large condensed",
    "conformer": "this project's, another network",
    "large": "this project's, learnt from acted speech alone",
}
COLUMNS = {
    "Recipe": "{recipe}",
    "Protocol": "{protocol}",
    "Corpus": "{corpus}",
    "Accuracy": "{accuracy}",
    "UAR": "{uar}",
    "Macro F1": "{macro_f1_mean:.1%}",
    "ECE": "{ece:.3f}",
    "Clips": "{clips}",
    "Folds": "{folds}",
    "Passes": "{epochs:g}",
    "Parameters": "{parameters:,}",
    "LiteRT": "{litert_megabytes:.1f} MB",
    "Features": "{feature_milliseconds:.1f} ms",
    "Network": "{network_milliseconds:.1f} ms",
    "Published claim": "{published_claim}",
}


def measure_costs(recipe: Recipe) -> dict[str, float]:
    """Measure what one answer costs, on noise shaped like three seconds of speech.

    Weights do not matter for costs, so the network is an untrained one.

    Args:
        recipe: Recipe.

    Returns:
        litert_megabytes [MB] of the form that ships, feature_milliseconds and
        network_milliseconds [ms], medians on one thread; the network's is for as many inputs as
        three seconds have.
    """
    count = recipe.features.select
    config = feature_cache.feature_config(recipe, selected=tuple(range(count)) if count else None)
    rate = config.sample_rate
    rng = np.random.default_rng(0)
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 3.0 * np.arange(int(COST_SECONDS * rate)) / rate)
    samples = (0.1 * loudness * rng.standard_normal(len(loudness))).astype(np.float32)

    def inputs() -> np.ndarray:
        front = choose_front_end(config)
        frames = front.frames(samples)
        if recipe.heads is not None:
            return stretch_inputs(frames, cover(len(frames), config), config)
        return assemble([front.levels(window) for window in split(frames, config)], config)

    build = NETWORKS[recipe.network.name]
    network = build(config.frames, config.features, len(config.labels), **recipe.network.parameters)
    form = "float32" if recipe.heads is None else "int8"
    with temporary_folder() as folder:
        write_litert(network, config, folder, form)
        size = (folder / LITERT_FORMS[form]).stat().st_size
        runtime = LiteRTRuntime(folder, config, form)
        windows = inputs()
        return {
            "litert_megabytes": round(size / 1e6, 2),
            "feature_milliseconds": median_milliseconds(inputs),
            "network_milliseconds": median_milliseconds(lambda: runtime.run(windows)),
        }


def median_milliseconds(work: Callable[[], object]) -> float:
    """Time some work after a first run, and give the median [ms]."""
    work()
    seconds = []
    for _ in range(COST_RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return round(1000 * float(np.median(seconds)), 2)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """Make the rows of one results folder: one, or under `corpus` one per corpus held out.

    Args:
        folder: a folder with metrics.json and recipe.toml.

    Returns:
        Rows without costs.
    """
    metrics = load_content(folder, METRICS)
    recipe = recipes.load(str(folder / RECIPE))
    row = {
        "recipe": metrics["recipe"],
        "protocol": metrics["protocol"],
        "corpus": metrics["corpus"],
        "clips": metrics["clips"],
        "accuracy_mean": metrics["mean"]["accuracy"],
        "accuracy_std": metrics["std"]["accuracy"],
        "uar_mean": metrics["mean"]["uar"],
        "uar_std": metrics["std"]["uar"],
        "macro_f1_mean": metrics["mean"]["macro_f1"],
        "ece": metrics["ece"],
        "parameters": metrics["parameters"],
        "epochs": round(float(np.mean(metrics["run"]["passes"])), 1),
        "folds": len(metrics["folds"]),
        "seeds": sorted({seed[0] for seed in metrics["run"]["seeds"]}),
        "published_claim": recipe.claim,
    }
    if metrics["protocol"] != "corpus":
        return [row]
    names = metrics["corpus"].split(", ")
    rows = []
    for fold, passes in zip(metrics["folds"], metrics["run"]["passes"], strict=True):
        held = names[fold["fold"] - 1]
        taught = " + ".join(name for name in names if name != held)
        figures = {f"{name}_mean": fold[name] for name in ("accuracy", "uar", "macro_f1")}
        rows.append(
            row
            | figures
            | {
                "corpus": f"{taught} -> {held}",
                "clips": fold["clips"],
                "accuracy_std": 0.0,
                "uar_std": 0.0,
                "ece": fold["ece"],
                "epochs": passes,
                "folds": 1,
            }
        )
    return rows


def finished_rows(folder: Path) -> list[dict[str, Any]]:
    """Make the rows of a results folder; none where it is damaged, which the log says."""
    rows = read_finished(folder / RECIPE, lambda file: rows_of(file.parent))
    return [] if rows is None else rows


def compare(results: Path) -> list[dict[str, Any]]:
    """Gather every finished results folder into `comparison.json` and `comparison.md`.

    Args:
        results: folder of recipes' folders.

    Returns:
        The rows, by recipe and protocol.
    """
    folders = sorted(file.parent for file in results.glob(f"*/*/{RECIPE}"))
    found = {folder: finished_rows(folder) for folder in folders}
    rows = []
    for name in dict.fromkeys(folder.parent.name for folder in folders if found[folder]):
        mine = [folder for folder in folders if folder.parent.name == name and found[folder]]
        costs = measure_costs(recipes.load(str(mine[0] / RECIPE)))
        keras.utils.clear_session()
        rows += [row | costs for folder in mine for row in found[folder]]
    rows.sort(
        key=lambda row: (
            PROTOCOL_ORDER.index(row["protocol"]),
            -row["accuracy_mean"],
            row["corpus"],
        )
    )
    save_content(results, COMPARISON, rows)
    write_text(results / "comparison.md", comparison_table(rows))
    return rows


def comparison_table(rows: list[dict[str, Any]]) -> str:
    """Write rows as a Markdown table."""
    cells = []
    for row in rows:
        spreads = {name: spread(row, name) for name in ("accuracy", "uar")}
        cells.append([form.format(**row, **spreads) for form in COLUMNS.values()])
    return markdown_table(list(COLUMNS), cells, text=3)


def spread(row: dict[str, Any], name: str) -> str:
    """Write a figure's mean over the folds and, of several, its standard deviation."""
    mean = f"{row[f'{name}_mean']:.1%}"
    return mean if row["folds"] == 1 else f"{mean} ± {row[f'{name}_std']:.1%}"


def cell(row: dict[str, Any] | None) -> str:
    """Write a row's accuracy, and how many folds it is of where that is not all five."""
    if row is None:
        return "-"
    text = spread(row, "accuracy").replace("%", " %")
    return text if row["folds"] == 5 else f"{text} ({row['folds']} folds)"


def summary_table(rows: list[dict[str, Any]]) -> str:
    """Write one line per recipe: its claim, and its accuracy under each way of judging it.

    What is not trained yet is a dash.
    """
    systems = []
    for name in dict.fromkeys(row["recipe"] for row in rows):
        mine = {row["protocol"]: row for row in rows if row["recipe"] == name}
        claim = next(iter(mine.values()))["published_claim"] or OWN.get(name, "none")
        cells = [cell(mine.get(way)) for way in ("speaker", "random", "duplicated")]
        systems.append([f"`{name}`", claim, *cells])
    return markdown_table(
        ["system", "its claim", "unseen speakers", "random clips", "random, each clip twice"],
        systems,
        text=2,
    )
