"""Pictures: the figures hold the numbers they were given."""

import subprocess
import sys

import pytest

from ser_core.config.emotions import BY_NAME, LABELS
from ser_core.ui.look import plots

PROBABILITIES = dict(zip(LABELS, (0.05, 0.1, 0.4, 0.05, 0.2, 0.1, 0.05, 0.05), strict=True))


@pytest.mark.parametrize("heavy", ["plotly", "gradio", "starlette"])
def test_importing_the_package_and_its_plots_imports_neither_plotly_nor_gradio(heavy: str) -> None:
    code = f"import sys, ser_core, ser_core.ui.look.plots; print('{heavy}' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_probability_bars_show_all_labels_in_their_order_and_colours() -> None:
    (bar,) = plots.probability_bars(PROBABILITIES).data
    assert list(bar.y) == [label.capitalize() for label in LABELS]
    assert list(bar.x) == pytest.approx([100 * p for p in PROBABILITIES.values()])
    assert list(bar.marker.color) == [BY_NAME[label].colour for label in LABELS]
    assert bar.text[2] == "40.0%"


def test_compared_bars_group_recordings_by_emotion() -> None:
    other = dict(zip(LABELS, reversed(PROBABILITIES.values()), strict=True))
    figure = plots.compared_bars({"Recording 1": PROBABILITIES, "Recording 3": other})
    assert figure.layout.barmode == "group"
    first, second = figure.data
    assert (first.name, second.name) == ("Recording 1", "Recording 3")
    assert list(second.x) == pytest.approx([100 * p for p in other.values()])
    assert list(first.y) == [label.capitalize() for label in LABELS]
    assert first.marker.color != second.marker.color
    assert first.marker.pattern.shape != second.marker.pattern.shape


def test_class_distribution_stacks_genders_and_fills_gaps_with_zero() -> None:
    figure = plots.class_distribution(
        {"happy": {"female": 3, "male": 2}, "sad": {"male": 4}, "other": {"unknown": 1}}
    )
    counts = {bar.name: list(bar.x) for bar in figure.data}
    assert counts == {"Female": [3, 0, 0], "Male": [2, 4, 0], "Unknown": [0, 0, 1]}
    assert figure.layout.barmode == "stack"


def test_duration_histogram_has_a_bar_from_edge_to_edge() -> None:
    (bar,) = plots.duration_histogram([0.0, 1.0, 3.0], [5, 2]).data
    assert list(bar.x) == [0.5, 2.0]
    assert list(bar.width) == [1.0, 2.0]
    assert list(bar.y) == [5, 2]


def test_confusion_matrix_is_normalised_by_row_and_says_the_counts() -> None:
    (heat,) = plots.confusion_matrix(["happy", "sad"], [[3, 1], [0, 0]]).data
    assert [list(row) for row in heat.z] == [[75.0, 25.0], [0.0, 0.0]]
    assert heat.text[0][0] == "75%<br>(3)"
    # Truth runs downwards, as in a table.
    assert plots.confusion_matrix(["a"], [[1]]).layout.yaxis.autorange == "reversed"


def test_reliability_diagram_draws_the_diagonal_and_a_point_per_bin() -> None:
    bins = [
        {"confidence": 0.3, "accuracy": 0.25, "count": 10},
        {"confidence": 0.8, "accuracy": 0.9, "count": 40},
    ]
    diagonal, points = plots.reliability_diagram(bins).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 100]
    assert list(points.x) == [30, 80]
    assert list(points.y) == [25, 90]
    assert points.marker.size[1] > points.marker.size[0]
    assert len(plots.reliability_diagram([]).data) == 2


def test_speakers_are_names_and_not_numbers() -> None:
    figure = plots.speaker_accuracy({"01": 0.5, "02": 1.0}, 0.75)
    assert list(figure.data[0].y) == [50, 100]
    assert figure.layout.xaxis.type == "category"
    assert figure.layout.shapes[0].y0 == 75


def test_names_from_a_stranger_cannot_bring_markup() -> None:
    (bar,) = plots.probability_bars({"<a href='x'>happy</a>": 1.0}).data
    assert "<" not in bar.y[0]


def test_figures_are_transparent_and_cannot_be_dragged() -> None:
    layout = plots.probability_bars(PROBABILITIES).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert layout.dragmode is False
    assert layout.xaxis.fixedrange
    assert layout.width is None
