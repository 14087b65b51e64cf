"""Markdown tables: the one writer for everything that is measured."""

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> str:
    """Write a Markdown table.

    Args:
        head: the columns' titles.
        rows: cells as text, as many as there are columns.
        text: int, how many of the first columns are text, to the left; the rest are figures, to
            the right.

    Returns:
        Lines, each with its end.

    >>> print(markdown_table(["form", "UAR"], [["int8", "61.3 %"]]), end="")
    | form | UAR |
    |---|---:|
    | int8 | 61.3 % |
    """
    marks = ["---"] * text + ["---:"] * (len(head) - text)
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return "\n".join([lines[0], f"|{'|'.join(marks)}|", *lines[1:]]) + "\n"
