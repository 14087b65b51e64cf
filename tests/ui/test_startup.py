"""What keeps the app from starting is one sentence, that says what to do."""

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from ser_core.errors import ConfigError
from ser_core.ui.settings import Settings
from ser_core.ui.startup import prepare_folders, require_port


def test_each_user_has_a_folder_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment: dict[str, str] = {}
    folder = prepare_folders(environment)
    assert folder.parent == tmp_path
    assert environment == {"GRADIO_TEMP_DIR": str(folder)}
    if os.name == "posix":
        assert folder.name.endswith(str(os.getuid()))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert prepare_folders({}) == folder


def test_a_folder_that_is_given_is_made_and_kept(tmp_path: Path) -> None:
    given = tmp_path / "a" / "b"
    assert prepare_folders({"GRADIO_TEMP_DIR": str(given)}) == given
    assert list(given.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users with numbers")
def test_another_users_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"gradio-{os.getuid() + 1}").mkdir()
    real = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: real + 1)
    with pytest.raises(ConfigError, match=r"another user's\): set GRADIO_TEMP_DIR"):
        prepare_folders({})


def test_a_folder_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"The folder for uploads, .*file/x, cannot be used"):
        prepare_folders({"GRADIO_TEMP_DIR": str(tmp_path / "file" / "x")})
    if os.getuid() != 0:  # who may write everywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(ConfigError, match=r"set GRADIO_TEMP_DIR to a folder"):
            prepare_folders({"GRADIO_TEMP_DIR": str(tmp_path / "closed")})


def test_a_working_directory_that_is_gone_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ConfigError, match="The working directory cannot be used"):
        prepare_folders({"GRADIO_TEMP_DIR": str(tmp_path)})


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1, port {port} .Address"):
            require_port(Settings(port=port))
    require_port(Settings(port=port))
    with pytest.raises(ConfigError, match="set GRADIO_SERVER_NAME"):
        require_port(Settings(host="192.0.2.1", port=port))
    with pytest.raises(ConfigError, match="set GRADIO_SERVER_NAME"):
        require_port(Settings(host="moon.invalid", port=port))
