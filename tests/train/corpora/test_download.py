"""Downloads, from a real HTTP server on this machine that fails in the ways servers fail."""

import contextlib
import hashlib
import io
import socket
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from train import __main__ as command_line
from train.corpora import CORPORA, Archive, ravdess
from train.corpora.download import ATTEMPTS, DownloadError, download

NAME = "Audio_Speech_Actors_01-24.zip"
FOLDER = NAME.removesuffix(".zip")


@dataclass
class Shelf:
    """What the server has, how it fails, and what it was asked.

    Attributes:
        content: the file.
        ranges: whether byte ranges are served.
        lengths: whether the answers say how long they are.
        breaks: after how many bytes the connection breaks, answer by answer; then no more.
        statuses: what is answered instead of the file, answer by answer; then no more.
        shift: by how many bytes a served range begins too late.
        gate: what an answer waits for in its middle.
        asked: the Range header of every request.
        served: how many answers were taken to their end.
    """

    content: bytes
    ranges: bool = True
    lengths: bool = True
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    shift: int = 0
    gate: threading.Event | None = None
    asked: list[str | None] = field(default_factory=list)
    served: int = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        shelf = self.server.shelf
        wanted = self.headers["Range"]
        shelf.asked.append(wanted)
        self.close_connection = True
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if shelf.statuses:
            self.send_response(shelf.statuses.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if wanted and shelf.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) + shelf.shift
            self.send_response(206)
            last = len(shelf.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(shelf.content)}")
        else:
            self.send_response(200)
        body = shelf.content[start:]
        if shelf.lengths:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if shelf.breaks:
            body = body[: shelf.breaks.pop(0)]
        half = len(body) // 2
        with contextlib.suppress(OSError):  # where the client was killed, or has enough
            self.wfile.write(body[:half])
            self.wfile.flush()
            if shelf.gate:
                shelf.gate.wait(60)
            self.wfile.write(body[half:])
            shelf.served += 1

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    """A server on a free port, with `shelf` and `url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.shelf = Shelf(b"")
        running.url = f"http://127.0.0.1:{running.server_port}/file"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def zip_of(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as content:
        for name, data in files.items():
            content.writestr(name, data)
    return stream.getvalue()


def speech_zip() -> bytes:
    """Two noisy clips of two actors, about 200 kB together."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, 50_000).astype(np.float32)
    files = {}
    for actor, emotion in (("01", "05"), ("02", "03")):
        stream = io.BytesIO()
        soundfile.write(stream, noise, 48_000, format="WAV")
        files[f"Actor_{actor}/03-01-{emotion}-01-01-01-{actor}.wav"] = stream.getvalue()
    return zip_of(files)


def archive_of(content: bytes, url: str) -> Archive:
    return Archive(NAME, url, hashlib.md5(content).hexdigest(), len(content))


@pytest.fixture
def archive(server):
    """The facts about the archive that the server has."""
    server.shelf.content = speech_zip()
    return archive_of(server.shelf.content, server.url)


def fetch(archive, to, **options):
    return download(archive, to, pause=0.0, quiet=True, **options)


def left_over(to: Path) -> list[str]:
    return sorted(path.name for path in to.iterdir())


def test_an_archive_is_fetched_checked_and_unpacked(server, archive, tmp_path):
    done = fetch(archive, tmp_path / "new" / "corpora")
    folder = tmp_path / "new" / "corpora" / FOLDER
    assert (done.folder, done.files, done.fetched, done.resumed_at) == (folder, 2, archive.size, 0)
    with zipfile.ZipFile(io.BytesIO(server.shelf.content)) as content:
        for name in content.namelist():
            assert (folder / name).read_bytes() == content.read(name)
    assert left_over(folder.parent) == [FOLDER]
    assert str(done) == (
        f"Fetched 0.2 MB; the MD5 digest is right; 2 files were unpacked into {folder}."
    )


def test_a_broken_connection_is_resumed_where_it_broke(server, archive, tmp_path):
    server.shelf.breaks = [70_000, 30_000]
    assert fetch(archive, tmp_path).files == 2
    assert server.shelf.asked == [None, "bytes=70000-", "bytes=100000-"]


def test_a_connection_that_ends_early_without_a_word_is_resumed_too(server, archive, tmp_path):
    server.shelf.lengths = False
    server.shelf.breaks = [70_000]
    assert fetch(archive, tmp_path).files == 2
    assert server.shelf.asked == [None, "bytes=70000-"]


def test_a_killed_run_is_continued(server, archive, tmp_path):
    server.shelf.gate = threading.Event()
    code = (
        "import sys; from pathlib import Path; from train.corpora import Archive; "
        "from train.corpora.download import download; "
        "name, url, md5, size, to = sys.argv[1:]; "
        "download(Archive(name, url, md5, int(size)), Path(to))"
    )
    facts = (archive.file, archive.url, archive.md5, str(archive.size), str(tmp_path))
    child = subprocess.Popen([sys.executable, "-c", code, *facts], stderr=subprocess.DEVNULL)
    partial = tmp_path / f"{NAME}.partial"
    until = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    child.kill()
    child.wait()
    server.shelf.gate.set()
    kept = partial.stat().st_size
    assert 0 < kept < archive.size
    done = fetch(archive, tmp_path)
    assert server.shelf.asked == [None, f"bytes={kept}-"]
    assert (done.files, done.resumed_at, done.fetched) == (2, kept, archive.size - kept)
    assert "after 0.1 MB of before" in str(done)
    assert left_over(tmp_path) == [FOLDER]


def test_a_server_without_ranges_starts_anew(server, archive, tmp_path):
    server.shelf.ranges = False
    (tmp_path / f"{NAME}.partial").write_bytes(b"x" * 1000)
    done = fetch(archive, tmp_path)
    assert server.shelf.asked == ["bytes=1000-"]
    assert (done.files, done.resumed_at, done.fetched) == (2, 0, archive.size)


def test_a_server_without_ranges_that_keeps_breaking_is_given_up(server, archive, tmp_path):
    server.shelf.ranges = False
    server.shelf.breaks = [5000, 4000, 3000, 4000, 3000, 4000, 3000]
    with pytest.raises(DownloadError, match="failed 5 times in a row"):
        fetch(archive, tmp_path)
    assert len(server.shelf.asked) == 1 + ATTEMPTS


def test_a_wrong_part_is_not_appended(server, archive, tmp_path):
    server.shelf.shift = 7
    server.shelf.breaks = [1000]
    with pytest.raises(DownloadError, match="sent another part than it was asked for"):
        fetch(archive, tmp_path)
    assert (tmp_path / f"{NAME}.partial").read_bytes() == server.shelf.content[:1000]


def test_more_than_was_expected_before_is_no_beginning(server, archive, tmp_path):
    (tmp_path / f"{NAME}.partial").write_bytes(b"x" * (archive.size + 1))
    assert fetch(archive, tmp_path).resumed_at == 0
    assert server.shelf.asked == [None]


def test_another_content_is_deleted_and_named(server, archive, tmp_path):
    server.shelf.content = bytes(archive.size)
    with pytest.raises(DownloadError, match=f"{archive.md5} was expected, and it was deleted"):
        fetch(archive, tmp_path)
    assert left_over(tmp_path) == []


def test_another_length_is_refused_before_it_is_fetched(server, archive, tmp_path):
    server.shelf.content = b"<html>Not this one</html>"
    with pytest.raises(DownloadError, match=r"offers 25 bytes where Audio_Speech.* has 2\d\d,"):
        fetch(archive, tmp_path)


def test_too_long_an_answer_of_unknown_length_is_not_kept(server, archive, tmp_path):
    server.shelf.lengths = False
    server.shelf.content += bytes(60_000_000)  # more than the sockets between hold
    with pytest.raises(DownloadError, match="it was deleted"):
        fetch(archive, tmp_path)
    assert left_over(tmp_path) == []
    assert server.shelf.served == 0


def test_what_is_not_there_is_asked_for_once(server, archive, tmp_path):
    server.shelf.statuses = [404, 404]
    with pytest.raises(DownloadError, match="answered 404 Not Found and not with Audio_Speech"):
        fetch(archive, tmp_path)
    assert len(server.shelf.asked) == 1


def test_a_busy_server_is_asked_again(server, archive, tmp_path):
    server.shelf.statuses = [503, 429]
    assert fetch(archive, tmp_path).files == 2


def test_a_server_that_stays_busy_is_given_up_and_the_bytes_are_kept(server, archive, tmp_path):
    (tmp_path / f"{NAME}.partial").write_bytes(server.shelf.content[:1000])
    server.shelf.statuses = [503] * ATTEMPTS
    with pytest.raises(DownloadError, match=r"failed 5 times .*503 Service Unavailable.* --url"):
        fetch(archive, tmp_path)
    assert (tmp_path / f"{NAME}.partial").stat().st_size == 1000


def test_nobody_at_the_address_is_said(archive, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file"
    with pytest.raises(DownloadError, match=rf"{url} failed {ATTEMPTS} times in a row \(.*refused"):
        fetch(archive, tmp_path, url=url)


@pytest.mark.parametrize(
    "url", ["zenodo.org/file", "ftp://zenodo.org/file", "http://zenodo.org:x/file"]
)
def test_what_is_no_address_is_said(archive, tmp_path, url):
    with pytest.raises(DownloadError, match="is no address to fetch from"):
        fetch(archive, tmp_path, url=url)


def test_another_address_and_a_redirect_are_followed(server, archive, tmp_path):
    elsewhere = replace(archive, url="http://127.0.0.1:9/nobody")
    url = server.url.replace("/file", "/moved")
    assert fetch(elsewhere, tmp_path, url=url).files == 2


def test_a_corpus_that_is_there_is_not_fetched_again(server, archive, tmp_path):
    (tmp_path / FOLDER).mkdir()
    assert fetch(archive, tmp_path).files == 2  # an empty folder is no corpus
    asked = len(server.shelf.asked)
    done = fetch(archive, tmp_path)
    assert str(done) == f"{tmp_path / FOLDER} is already there: nothing was fetched."
    assert len(server.shelf.asked) == asked


def test_a_run_stopped_while_unpacking_is_continued(server, archive, tmp_path):
    (tmp_path / NAME).write_bytes(server.shelf.content)
    (tmp_path / f"{FOLDER}.unpacking").mkdir()
    (tmp_path / f"{FOLDER}.unpacking" / "half").touch()
    done = fetch(archive, tmp_path)
    assert (done.files, done.fetched) == (2, 0)
    assert server.shelf.asked == []
    assert sorted(path.name for path in done.folder.iterdir()) == ["Actor_01", "Actor_02"]


def test_a_file_of_the_archive_s_name_that_is_another_is_left_alone(archive, tmp_path):
    (tmp_path / NAME).write_bytes(b"mine")
    with pytest.raises(DownloadError, match=f"{archive.md5} was expected: move it away"):
        fetch(archive, tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../outside.txt", "Actor_01/../../outside.txt", "/outside.txt"])
def test_an_archive_that_writes_elsewhere_is_refused(server, tmp_path, name):
    server.shelf.content = zip_of({"Actor_01/inside.txt": b"", name: b"x"})
    to = tmp_path / "corpora"
    with pytest.raises(DownloadError, match=r"would write '.*outside\.txt' outside"):
        fetch(archive_of(server.shelf.content, server.url), to)
    assert left_over(tmp_path) == ["corpora"]
    assert left_over(to) == [NAME]


def test_what_is_no_zip_file_is_said(server, tmp_path):
    server.shelf.content = b"no zip file"
    with pytest.raises(DownloadError, match=r"cannot be unpacked \(File is not a zip file\)"):
        fetch(archive_of(server.shelf.content, server.url), tmp_path)


def test_a_file_in_the_folder_s_place_is_said(archive, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match=r"file cannot take the archive \(File exists\)"):
        fetch(archive, tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full")
def test_a_full_disk_is_said(archive, tmp_path):
    (tmp_path / f"{NAME}.partial").symlink_to("/dev/full")
    with pytest.raises(DownloadError, match=r"cannot take the archive \(No space left on device\)"):
        fetch(archive, tmp_path)


def run(monkeypatch, *words) -> int:
    """Run the command line as `python -m train` does, and return its exit status."""
    monkeypatch.setattr(sys, "argv", ["train", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        command_line.main()
    return end.value.code or 0


def test_the_command_fetches_what_corpus_info_then_reads(
    server, archive, tmp_path, monkeypatch, capsys
):
    facts = replace(archive, url="http://127.0.0.1:9/nobody")
    monkeypatch.setattr(ravdess, "INFO", replace(ravdess.INFO, archive=facts))
    monkeypatch.setitem(sys.modules, "kaleido", None)  # a Chrome takes seconds to start
    words = ("corpus", "download", "ravdess", "--to", tmp_path, "--url", server.url)
    assert run(monkeypatch, *words) == 0
    told = capsys.readouterr()
    assert "licence CC-BY-NC-SA-4.0, https://zenodo.org/records/1188976" in told.out
    assert f"2 files were unpacked into {tmp_path / FOLDER}." in told.out
    assert f"{NAME}: 100%" in told.err
    assert run(monkeypatch, "corpus", "info", f"ravdess={tmp_path}", "--out", tmp_path) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["speakers", "1", "1", "2"] in rows


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("nemo", "https://github.com/amu-cai/nEMO"),
        ("crema_d", "https://github.com/CheyneyComputerScience/CREMA-D"),
        ("iemocap", "https://sail.usc.edu/iemocap/iemocap_release.htm"),
        ("tess", "https://doi.org/10.5683/SP2/E8H2MF"),
        ("savee", "http://kahlan.eps.surrey.ac.uk/savee/Download.html"),
    ],
)
def test_a_corpus_without_a_free_archive_says_where_to_get_it(
    monkeypatch, capsys, tmp_path, name, where
):
    assert run(monkeypatch, "corpus", "download", name, "--to", tmp_path / "no") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {name} cannot be downloaded by this command: ")
    assert where in told
    assert told.count("\n") == 1
    assert not (tmp_path / "no").exists()


def test_a_fault_ends_the_command_with_one_sentence(server, tmp_path, monkeypatch, capsys):
    server.shelf.statuses = [404]
    words = ("corpus", "download", "emodb", "--to", tmp_path, "--url", server.url)
    assert run(monkeypatch, *words) == 1
    assert f"error: {server.url} answered 404 Not Found and not with emodb.zip" in (
        capsys.readouterr().err
    )
    assert run(monkeypatch, "corpus", "download", "timit", "--to", tmp_path) == 1
    assert "There is no corpus named 'timit'" in capsys.readouterr().err


def test_archives_are_stated_in_full():
    archives = {name: module.INFO.archive for name, module in CORPORA.items()}
    offered = {name: archive for name, archive in archives.items() if archive}
    assert set(offered) == {"ravdess", "ravdess_song", "emodb"}
    for archive in offered.values():
        assert archive.url.startswith("https://zenodo.org/records/")
        assert f"/{archive.file}" in archive.url
        assert archive.file.endswith(".zip")
        assert len(bytes.fromhex(archive.md5)) == 16
    assert len({archive.md5 for archive in offered.values()}) == 3
