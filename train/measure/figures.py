"""Pictures of a results folder: learning curves, confusion matrix, reliability diagram.

python -m train figures train/results/tiny/speaker --out runs/figures
"""

from pathlib import Path
from typing import TYPE_CHECKING

from ser_core.config.whole_files import write_text, write_whole
from ser_core.errors import ConfigError
from ser_core.model.files import METRICS, files_in, load_content
from ser_core.ui.look import plots

from ..answers import out_of_fold

if TYPE_CHECKING:
    import plotly.graph_objects as go

PNG_SIZE = {"width": 900, "height": 600, "scale": 2}


def draw(folder: Path) -> dict[str, "go.Figure"]:
    """Draw what a results folder holds.

    Args:
        folder: a folder with metrics.json and folds/.

    Returns:
        Figures by name.

    Raises:
        ConfigError: the folder has no metrics.json.
    """
    if METRICS not in files_in(folder):
        raise ConfigError(f"{folder} has no {METRICS}: give a results folder that fit has made.")
    metrics = load_content(folder, METRICS)
    histories = {}
    for number, record in out_of_fold.read_records(folder).items():
        histories[f"fold {number}"] = record["history"]
    return {
        "learning_curves": plots.learning_curves(histories),
        "confusion_matrix": plots.confusion_matrix(metrics["labels"], metrics["confusion_matrix"]),
        "reliability": plots.reliability_diagram(metrics["calibration_bins"]),
    }


def write_figures(figures: dict[str, "go.Figure"], out: Path, *, png: bool = False) -> list[Path]:
    """Write figures as HTML, and as PNG where it is wanted.

    Args:
        figures: by name.
        out: folder, made if it is not there.
        png: whether to write PNG too, which takes kaleido and a Chrome or Chromium.

    Returns:
        The files written.

    Raises:
        ConfigError: kaleido or a browser is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for name, figure in figures.items():
        files.append(out / f"{name}.html")
        write_text(files[-1], figure.to_html(include_plotlyjs="cdn"))
        if png:
            figure.update_layout(paper_bgcolor="white")  # a PNG stands on any page
            files.append(out / f"{name}.png")
            try:
                with write_whole(files[-1]) as unfinished:
                    figure.write_image(unfinished, **PNG_SIZE)
            except (ValueError, ImportError, RuntimeError) as error:
                raise ConfigError(
                    "PNG pictures need kaleido and a Chrome or Chromium: pip install kaleido, or "
                    "leave --png out."
                ) from error
    return files
