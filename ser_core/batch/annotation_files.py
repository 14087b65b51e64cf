"""Files for annotators beside a table: one a recording, in a format that timelines are written in.

Workers make their text, and the run writes them, so that it makes no difference where they work.
"""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ser_core.config.whole_files import write_text
from ser_core.errors import ArgumentError
from ser_core.timeline.exports import find_format, relative_place, write_export
from ser_core.timeline.timeline import EmotionTimeline

from .recordings import Recording
from .rows import TEXT, Row


@dataclass(frozen=True)
class AnnotationFiles:
    """Where the files of a run stand, and what is written into them.

    Attributes:
        form: str, name of an ExportFormat.
        folder: str, absolute, in which all of them stand.
        base: str, absolute: folders below it are made in `folder`, too; None where there is none.
    """

    form: str
    folder: str
    base: str | None

    @classmethod
    def beside(
        cls,
        out: Path,
        form: str,
        paths: Iterable[str | os.PathLike[str]],
        *,
        has_speakers: bool,
    ) -> "AnnotationFiles":
        """Choose a folder beside a table, named after it and the format.

        Args:
            out: Path, absolute, of the table.
            form: name of an ExportFormat.
            paths: files and folders that the run was given; others count for nothing.
            has_speakers: whether each recording's timeline says who speaks.

        Raises:
            ExportError: there is no such format.
            ArgumentError: it needs who speaks.
        """
        found = find_format(form)
        if "speakers" in found.needs and not has_speakers:
            raise ArgumentError(
                f"annotations {found.name} say who speaks, for which channels must be 'separate': "
                "take that, or another format."
            )
        local = [os.path.abspath(path) for path in paths if os.path.exists(path)]
        folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in local]
        base = os.path.commonpath(folders) if folders else None
        return cls(found.name, str(out.parent / f"{out.stem}_{found.name}"), base)

    def folder_of(self, path: str) -> Path:
        """Give the folder in which the file of a recording stands, by the recording's path."""
        if "://" in path or self.base is None or not Path(path).is_relative_to(self.base):
            folders = path.replace("\\", "/").replace(":", "").split("/")[:-1]
            # Windows takes ".. " for "..", too.
            return Path(self.folder, *(part for part in folders if part.strip(". ")))
        return Path(self.folder, os.path.relpath(os.path.dirname(path), self.base))

    def text(self, timeline: EmotionTimeline, path: str) -> str | None:
        """Write the timeline of a recording; None where its format needs what it does not say."""
        form = find_format(self.form)
        place = relative_place(path, self.folder_of(path))
        if form.find_missing(timeline, place) is not None:
            return None
        return write_export(timeline, form, recording=place).decode("utf-8")


class AnnotationWriter:
    """Writes the files of a run's recordings.

    Two recordings of one folder whose names differ in their endings alone keep these.
    """

    def __init__(self, files: AnnotationFiles, recordings: Iterable[Recording]) -> None:
        self.files = files
        self.ending = find_format(files.form).ending
        self._counts = Counter(self._stem(recording.path) for recording in recordings)

    def take(self, path: str, rows: list[Row]) -> None:
        """Take the text of a recording's file out of its rows, and write it.

        Raises:
            OSError: it cannot be written.
        """
        text = rows[0].pop(TEXT, None)
        if text is not None:
            write_text(self._place(path), text)

    def has(self, path: str) -> bool:
        """Say whether a recording's file is there."""
        return self._place(path).is_file()

    def _place(self, path: str) -> Path:
        stem = self._stem(path)
        name = stem.name if self._counts[stem] == 1 else Path(path).name
        return stem.with_name(name + self.ending)

    def _stem(self, path: str) -> Path:
        return self.files.folder_of(path) / Path(path).stem
