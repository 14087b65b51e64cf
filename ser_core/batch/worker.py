"""A process that answers recordings: started by ser_core.batch.workers, with a socket's number.

It says None once the model is loaded, then the rows of each recording in the order they came. It
ends when the other side is gone, so a command that is killed leaves nobody behind.
"""

import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

from ser_core.recognizer import EmotionRecognizer

from .answers import answer


def main() -> None:
    """Answer until the connection is closed."""
    connection = Connection(int(sys.argv[1]))
    try:
        model, kind = connection.recv()
        recognizer = load(model)
        connection.send(None)
        while True:
            connection.send(answer(recognizer, connection.recv(), kind))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def load(model: str | dict[str, bytes]) -> EmotionRecognizer:
    """Load a model from its folder, or from the contents of its files by name."""
    if isinstance(model, str):
        return EmotionRecognizer.from_pretrained(model)
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        for name, content in model.items():
            (Path(folder) / name).write_bytes(content)
        return EmotionRecognizer.from_pretrained(folder)


if __name__ == "__main__":
    main()
