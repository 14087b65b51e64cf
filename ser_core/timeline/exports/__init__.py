"""Timelines as files that other programs read: tables, subtitles, and what annotators work with.

FORMATS says which there are. Imports the results' room alone; the timeline imports it, and so do
the page, the API and the command line.
"""

from .formats import FORMATS, Encoding, ExportFormat, find_format, relative_place, write_export

__all__ = ["FORMATS", "Encoding", "ExportFormat", "find_format", "relative_place", "write_export"]
