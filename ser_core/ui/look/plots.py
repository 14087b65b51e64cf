"""Pictures of results and metrics as plotly figures, for the app and for training.

    probability_bars(prediction.probabilities).show()

Every function takes plain numbers and names, and plotly is imported when the first figure is made:
importing this module costs nothing. Backgrounds are transparent and text is a grey that reads on
white and on black; the figures take the width they are given, 300 px and more.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..words.catalogue import Sentence
from ..words.numbers import number_signs, percent_sign, write_number, write_share
from . import text
from .markup import capitalize, name_gender, say_label
from .palette import label_colours

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = "IBM Plex Sans, system-ui, sans-serif"
TEXT_COLOUR = "#7c7c7c"  # 4.2:1 against white, and against a near-black page
GRID_COLOUR = "rgba(128, 128, 128, 0.25)"
ACCENT = "#3a6fd8"
GENDER_COLOURS = {"female": "#8e6bc9", "male": "#2e9a8a"}
# Of recordings side by side; they differ in lightness and pattern as well as hue.
COMPARED_COLOURS = ("#2f6fc4", "#d9822b", "#17806d", "#c45a9a", "#8a7430", "#7c7c7c")
COMPARED_PATTERNS = ("", "/", "x", "-", ".", "\\")
OTHER_GENDER_COLOURS = ("#b08a3e", "#7c7c7c")
# Light to medium and opaque, so that near-black numbers read in every cell, on any page.
SCALE = ((0.0, "#f1f5fb"), (0.5, "#a4c2f4"), (1.0, "#5f93ec"))
CELL_TEXT_COLOUR = "#111827"


def probability_bars(probabilities: Mapping[str, float]) -> "go.Figure":
    """Draw the probability of every emotion, in the emotions' colours.

    Args:
        probabilities: probability in [0, 1] by label; drawn from top to bottom in this order.

    Returns:
        plotly Figure, a horizontal bar for each label.
    """
    import plotly.graph_objects as go

    labels = list(probabilities)
    figure = go.Figure(
        go.Bar(
            x=[100 * probabilities[label] for label in labels],  # [%]
            y=[_name(label) for label in labels],
            orientation="h",
            marker_color=[light for light, _ in label_colours(labels).values()],
            text=[write_share(probabilities[label]) for label in labels],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 112], ticksuffix=percent_sign(), dtick=25)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix=" ")
    return _style(figure, height=60 + 30 * len(labels))


def compared_bars(recordings: Mapping[str, Mapping[str, float]]) -> "go.Figure":
    """Draw the probability of every emotion in each of several recordings.

    Args:
        recordings: probability in [0, 1] by label, by the recording's name; at most six.

    Returns:
        plotly Figure, for each label a horizontal bar for each recording, from top to bottom.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Bar(
                x=[100 * probability for probability in probabilities.values()],  # [%]
                y=[_name(label) for label in probabilities],
                name=_name(name),
                orientation="h",
                marker={
                    "color": colour,
                    "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": "white"},
                },
                hovertemplate=f"%{{y}}, {_name(name)}: %{{x:.1f}}{percent_sign()}<extra></extra>",
            )
            for (name, probabilities), colour, pattern in zip(
                recordings.items(), COMPARED_COLOURS, COMPARED_PATTERNS, strict=False
            )
        ]
    )
    labels = max((len(probabilities) for probabilities in recordings.values()), default=0)
    figure.update_layout(barmode="group", legend_traceorder="normal")
    figure.update_xaxes(range=[0, 100], ticksuffix=percent_sign(), dtick=25)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix=" ")
    return _style(figure, height=110 + labels * (16 + 11 * len(recordings)))


def class_distribution(counts: Mapping[str, Mapping[str, int]]) -> "go.Figure":
    """Draw how many clips there are of each emotion, by the speakers' gender.

    Args:
        counts: clips by label, then by gender; a label may lack a gender.

    Returns:
        plotly Figure, one stacked bar for each label, one colour for each gender.
    """
    import plotly.graph_objects as go

    labels = list(counts)
    genders = sorted({gender for row in counts.values() for gender in row})
    names = {gender: _plain(name_gender(gender)) for gender in genders}
    spare = iter(OTHER_GENDER_COLOURS * len(genders))
    figure = go.Figure(
        [
            go.Bar(
                x=[counts[label].get(gender, 0) for label in labels],
                y=[_name(label) for label in labels],
                name=capitalize(name),
                orientation="h",
                marker_color=GENDER_COLOURS.get(gender) or next(spare),
                hovertemplate=_hover(text.PLOT_CLIPS_OF, label="%{y}", gender=name, clips="%{x}"),
            )
            for gender, name in names.items()
        ]
    )
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title_text=text.PLOT_CLIPS)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix=" ")
    return _style(figure, height=110 + 30 * len(labels))


def duration_histogram(edges: Sequence[float], counts: Sequence[int]) -> "go.Figure":
    """Draw how long the clips are.

    Args:
        edges: edges of the bins [s], one more than counts, rising.
        counts: clips in each bin.

    Returns:
        plotly Figure, one bar for each bin.
    """
    import plotly.graph_objects as go

    pairs = list(pairwise(edges))
    figure = go.Figure(
        go.Bar(
            x=[(low + high) / 2 for low, high in pairs],  # [s]
            y=list(counts),
            width=[high - low for low, high in pairs],
            marker={"color": ACCENT, "line": {"color": "rgba(128, 128, 128, 0.6)", "width": 1}},
            customdata=[text.PLOT_BIN.format(low=low, high=high) for low, high in pairs],
            hovertemplate=_hover(text.PLOT_BIN_CLIPS, bin="%{customdata}", clips="%{y}"),
        )
    )
    figure.update_layout(bargap=0)
    figure.update_xaxes(title_text=text.PLOT_LENGTH, range=[edges[0], edges[-1]])
    figure.update_yaxes(title_text=text.PLOT_CLIPS)
    return _style(figure, height=300)


def confusion_matrix(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> "go.Figure":
    """Draw what is taken for what: rows are the truth, columns the answers.

    Args:
        labels: names of rows and columns, in order.
        counts: clips, one row for each true label, one column for each answer.

    Returns:
        plotly Figure: z is the share of the row in percent, text says it with the count in
        brackets. A row without clips is all zero.
    """
    import plotly.graph_objects as go

    sums = [sum(row) or 1 for row in counts]
    shares = [
        [100 * cell / total for cell in row] for row, total in zip(counts, sums, strict=True)
    ]  # (labels, labels) [%]
    words = [
        [
            f"{write_share(share / 100, 0)}<br>({write_number(cell)})"
            for share, cell in zip(*pair, strict=True)
        ]
        for pair in zip(shares, counts, strict=True)
    ]
    names = [_name(label) for label in labels]
    figure = go.Figure(
        go.Heatmap(
            x=names,
            y=names,
            z=shares,
            text=words,
            texttemplate="%{text}",
            textfont={"size": 10, "color": CELL_TEXT_COLOUR},
            colorscale=[list(step) for step in SCALE],
            zmin=0,
            zmax=100,
            xgap=2,
            ygap=2,
            showscale=False,
            hovertemplate=_hover(text.PLOT_TAKEN, truth="%{y}", answer="%{x}", share="%{text}"),
        )
    )
    figure.update_xaxes(title_text=text.PLOT_ANSWER, title_standoff=24)
    figure.update_xaxes(tickangle=-60, showgrid=False)
    figure.update_yaxes(title_text=text.PLOT_TRUTH, autorange="reversed", showgrid=False)
    return _style(figure, height=140 + 40 * len(names))


def reliability_diagram(bins: Sequence[Mapping[str, float]]) -> "go.Figure":
    """Draw how often answers are right against how sure they are.

    Args:
        bins: `confidence` and `accuracy` in [0, 1] and `count` of each bin of answers, as in the
            `calibration_bins` of metrics.json.

    Returns:
        plotly Figure: the diagonal, then a point for each bin, its area by the count.
    """
    import plotly.graph_objects as go

    most = max((row["count"] for row in bins), default=1)
    figure = go.Figure(
        [
            go.Scatter(
                x=[0, 100],
                y=[0, 100],
                mode="lines",
                line={"color": TEXT_COLOUR, "width": 1, "dash": "dash"},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=[100 * row["confidence"] for row in bins],  # [%]
                y=[100 * row["accuracy"] for row in bins],  # [%]
                mode="lines+markers",
                line={"color": ACCENT, "width": 2},
                marker={"size": [6 + 16 * (row["count"] / most) ** 0.5 for row in bins]},
                customdata=[row["count"] for row in bins],
                hovertemplate=_hover(
                    text.PLOT_RELIABILITY, n="%{customdata}", x="%{x:.0f}", y="%{y:.0f}"
                ),
            ),
        ]
    )
    ticks = {"ticksuffix": percent_sign(), "dtick": 25, "range": [-3, 103]}
    figure.update_xaxes(title_text=text.PLOT_STATED, **ticks)
    figure.update_yaxes(title_text=text.PLOT_RIGHT, **ticks)
    figure.update_layout(showlegend=False)
    return _style(figure, height=360)


def learning_curves(histories: Mapping[str, Sequence[Mapping[str, float]]]) -> "go.Figure":
    """Draw how the training loss falls, a line per network.

    Args:
        histories: by the network's name, rows with `step` and `loss`, in order of step.

    Returns:
        plotly Figure.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Scatter(
                x=[row["step"] for row in rows],
                y=[row["loss"] for row in rows],
                name=_name(name),
                mode="lines+markers",
                marker_size=4,
                hovertemplate="step %{x}: %{y:.3f}<extra></extra>",
            )
            for name, rows in histories.items()
        ]
    )
    figure.update_xaxes(title_text="Steps")
    figure.update_yaxes(title_text="Training loss", rangemode="tozero")
    return _style(figure, height=320)


def speaker_accuracy(by_speaker: Mapping[str, float], overall: float) -> "go.Figure":
    """Draw the accuracy for each speaker, and over all as a line.

    Args:
        by_speaker: accuracy in [0, 1] by speaker.
        overall: accuracy in [0, 1].

    Returns:
        plotly Figure, one bar for each speaker.
    """
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Bar(
            x=list(by_speaker),
            y=[100 * accuracy for accuracy in by_speaker.values()],  # [%]
            marker_color=ACCENT,
            hovertemplate=_hover(text.PLOT_SPEAKER, name="%{x}", share="%{y:.0f}"),
        )
    )
    figure.add_hline(y=100 * overall, line={"color": TEXT_COLOUR, "width": 1, "dash": "dash"})
    # Names such as "01" are names, and no numbers to make an axis of.
    figure.update_xaxes(title_text=text.TIMELINE_WHO, type="category", showgrid=False)
    figure.update_yaxes(title_text=text.ACCURACY, ticksuffix=percent_sign(), range=[0, 103])
    return _style(figure, height=300)


def _name(name: str) -> str:
    """Write a name as the pictures do, and keep plotly from reading markup in it."""
    return _plain(say_label(name))


def _hover(words: Sentence, **places: str) -> str:
    """Fill plotly's places into a sentence that stands at the pointer."""
    return words.format(sign=percent_sign(), **places) + "<extra></extra>"


def _plain(name: str) -> str:
    return name.translate(str.maketrans(dict.fromkeys("<>%{}&")))


def _style(figure: "go.Figure", height: int) -> "go.Figure":
    """Give a figure the house's look: transparent, narrow margins, nothing to drag."""
    figure.update_layout(
        template="none",
        height=height,
        autosize=True,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        font={"family": FONT, "color": TEXT_COLOUR, "size": 13},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        # On a phone, a finger on the picture is there to scroll.
        dragmode=False,
        separators=number_signs(),
        bargap=figure.layout.bargap if figure.layout.bargap is not None else 0.25,
    )
    axis = {"gridcolor": GRID_COLOUR, "zeroline": False, "title_font_size": 13}
    axis |= {"automargin": True, "fixedrange": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure
