"""`ser embed`: recordings as vectors, for programs that learn from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import ArgumentError, SpeechEmotionError
from .shared_options import ModelOption, RevisionOption, load_model
from .terminal import board, complain, print_json_line, printable

if TYPE_CHECKING:
    import numpy as np

    from ...results import Embedding

ENDINGS = (".npy", ".npz")


def embed(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="As for ser predict; at most ten minutes each."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help=".npy, a row a file; or .npz, with their names (paths, embeddings).",
            show_default="JSON Lines to standard output",
        ),
    ] = None,
    model: ModelOption = None,
    revision: RevisionOption = None,
) -> None:
    """Embed recordings: describe the speech of each by the numbers that a model's answer rests on.

    A recording without speech has no embedding: null in JSON, a row of NaN in a file, as one that
    cannot be used. For archives, and for Parquet: ser batch --rows embeddings.

    \b
    Examples:
      ser embed clip.wav
      ser embed calls/ --out calls.npz

    \b
    Status: 0 all were embedded, 1 some could not be used, 2 wrong usage.
    """
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise ArgumentError(
            f"--out {printable(str(out))} is no format of embeddings: end it in "
            f"{' or '.join(ENDINGS)}."
        )
    recognizer = load_model(model, revision)
    if recognizer.embedding_size is None:
        from ...timeline.embedding import require_embeddings

        require_embeddings(recognizer.network_predictor)
    from ...batch.addresses import public_address
    from .named_recordings import list_named, open_named

    named = list_named(files)
    rows: list[Embedding | None] = []
    failures = 0
    with board(moving=len(named) > 1) as screen:
        for done, one in enumerate(named):
            screen.advance(done=done, total=len(named))
            row: dict[str, Any] = {"path": public_address(one.name)}
            try:
                with open_named(one) as audio:
                    embedding = recognizer.embed(audio)
            except SpeechEmotionError as error:
                failures += 1
                rows.append(None)
                shown = printable(one.name)
                screen.print_fault(f"{shown}: {error}")
                row |= {"embedding": None, "error": str(error)}
            else:
                rows.append(embedding)
                vector = embedding.vector
                row |= {"embedding": None if vector is None else vector.tolist()}
                row |= {"speech_seconds": embedding.speech_seconds, "duration": embedding.duration}
            if out is None:
                print_json_line(row)
    if out is not None:
        size = recognizer.embedding_size or 0
        _write(out, [public_address(one.name) for one in named], _stack(rows, size))
    if failures:
        raise typer.Exit(1)


def _stack(rows: "list[Embedding | None]", size: int) -> "np.ndarray":  # (files, size)
    import numpy as np

    stacked = np.full((len(rows), size), np.nan, np.float32)
    for number, one in enumerate(rows):
        if one is not None and one.vector is not None:
            stacked[number] = one.vector
    return stacked


def _write(out: Path, names: list[str], embeddings: "np.ndarray") -> None:
    import numpy as np

    from ...config.whole_files import write_whole

    with write_whole(out) as unfinished, open(unfinished, "wb") as file:
        if out.suffix.lower() == ".npy":
            np.save(file, embeddings, allow_pickle=False)
        else:
            np.savez(file, paths=np.array(names), embeddings=embeddings)
    missing = int(np.isnan(embeddings).any(axis=1).sum())
    if missing:
        complain(f"{missing} of {len(names)} recordings have no embedding, and rows of NaN.")
