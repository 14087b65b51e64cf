"""The process that answers recordings: started by `ser_core.batch.pool`.

It takes the model, and says so once that is loaded; then recordings, and sends the rows of each in
the order they came. It ends when the other side is gone, so a command that is killed leaves nobody
behind.
"""

from ser_core.audio.child_process import Parent
from ser_core.config.whole_files import temporary_folder
from ser_core.model.litert_notice import without_notice
from ser_core.recognizer import EmotionRecognizer

from .annotation_files import AnnotationFiles
from .recordings import Recording
from .rows import answer_recording


def main() -> None:
    """Answer until the parent is gone."""
    parent = Parent()
    messages = iter(parent)
    setup, contents = next(messages)
    with without_notice():
        recognizer = _load_model(setup["model"], setup["files"], contents)
    annotations = setup["annotations"]
    write = None if annotations is None else AnnotationFiles(**annotations).text
    parent.send(None)
    for fields, _ in messages:
        recording = Recording(*fields)
        asked = (setup["rows"], setup["channels"], setup["wanted"], write)
        parent.send(answer_recording(recognizer, recording, *asked))


def _load_model(
    folder: str | None, files: list[tuple[str, int]], contents: bytes
) -> EmotionRecognizer:
    """Load a model from its folder, or from its files' names, sizes [bytes] and joint contents."""
    if folder is not None:
        return EmotionRecognizer.from_pretrained(folder)
    with temporary_folder() as temporary:
        start = 0
        for name, size in files:
            (temporary / name).write_bytes(contents[start : start + size])
            start += size
        return EmotionRecognizer.from_pretrained(temporary)


if __name__ == "__main__":
    main()
