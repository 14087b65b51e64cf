"""Where tests find sound, a Hub and a browser; RAVDESS when it is at hand."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from tests.support.hub_server import HubServer
from tests.support.shared import keep_in

if TYPE_CHECKING:
    import gradio as gr
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[1]
LONGEST = (  # files that take a minute or several, as the end of `make test-all` says
    "train/networks/test_networks.py",
    "train/publish/test_space_models.py",
    "train/fitting/test_recipes.py",
    "train/fitting/test_fit.py",
    "train/fitting/test_interrupted_fit.py",
    "train/fitting/test_joint.py",
    "train/publish/test_kills.py",
    "train/fitting/test_own_labels.py",
    "train/measure/test_measured_heads.py",
    "batch/test_batch.py",
    "train/measure/test_screen.py",
    "train/publish/test_publish_dataset.py",
    "ui/test_malformed_repository.py",
    "ui/test_browser_look.py",
    "ui/test_load.py",
    "ui/test_app.py",
    "test_package.py",
    "web/test_edition_answers.py",
)

# Processes that compile a function of librosa's at the same time spoil each other's cache: Numba
# numbers its files by an index that both have read before either has written it.
os.environ["NUMBA_CACHE_DIR"] = str(
    ROOT / ".cache" / "numba" / os.environ.get("PYTEST_XDIST_WORKER", "one")
)

# A shell ignores Ctrl-C for what it starts in the background, and what tests start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: whichever began last, all other processes would wait for it."""
    places = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST)}
    assert all(file.is_file() for file in places), "LONGEST names a file that is not there"
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Say where is kept what is made once, for all processes of pytest-xdist too."""
    own = tmp_path_factory.getbasetemp()
    keep_in((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared")


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Folder of the small synthetic recordings."""
    return ROOT / "tests" / "fixtures"


@pytest.fixture(scope="session")
def ravdess() -> Path:
    """Folder of the real RAVDESS speech corpus, which may not be committed."""
    path = ROOT.parent / "shared" / "data" / "ravdess"
    if not path.is_dir():
        pytest.skip("needs the RAVDESS corpus, which its licence keeps out of this repository")
    return path


@pytest.fixture(scope="session")
def recognizer() -> EmotionRecognizer:
    """The recognizer that comes with the app."""
    return EmotionRecognizer(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Gradio's upload folder, one of the module's own, so that what is left in it can be seen."""
    folder = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def app(uploads: Path, recognizer: EmotionRecognizer) -> Iterator["gr.Blocks"]:
    """The app with the limits that most tests of a server need."""
    from tests.support.app import LIMITS, serving

    with serving(recognizer, **LIMITS) as demo:
        yield demo


@pytest.fixture(scope="module")
def url(uploads: Path) -> Iterator[str]:
    """Address of the app as it is without any setting; without a browser, the test is skipped."""
    from tests.support.app import serving
    from tests.support.browser import require_browser

    require_browser()
    with serving(EmotionRecognizer(DEFAULT_MODEL)) as demo:
        yield demo.local_url


@pytest.fixture(scope="module")
def browser(url: str) -> Iterator["Browser"]:
    """A browser whose microphone hears a sentence."""
    from tests.support.browser import start_browser
    from tests.support.recordings import FIXTURES

    yield from start_browser(FIXTURES / "speech_female.wav")


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: "Browser", url: str) -> Iterator["Page"]:
    """The page of the app in it, 1280 pixels wide or as a parameter says."""
    from tests.support.browser import open_page

    yield from open_page(browser, url, getattr(request, "param", 1280))


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """A Hub of the test's own (see tests/support/hub_server.py)."""
    with HubServer() as server:
        yield server


@pytest.fixture
def hub_environment(hub, tmp_path) -> Callable[..., dict[str, str]]:
    """Say what the environment of a process is whose Hub is `hub`.

    The function returned takes:
        token: str or None, sent as HF_TOKEN; the owner's where not given.
        home: str, name of the cache; processes of one test share the one of the same name.
        **environment: further variables.
    """

    def variables(*, token=hub.token, home="home", **environment) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        settings = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONPATH": str(ROOT),
        }
        if token is not None:
            settings["HF_TOKEN"] = token
        return plain | settings | environment

    return variables


@pytest.fixture
def hub_process(hub_environment, tmp_path) -> Callable[..., subprocess.Popen]:
    """Start Python code in a process of its own, whose Hub is `hub`.

    The function returned takes the code, its arguments and what `hub_environment` takes.
    """

    def start(code, *arguments, **options) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=hub_environment(**options),
            cwd=tmp_path,
        )

    return start


@pytest.fixture
def hub_run(hub_process) -> Callable[..., str]:
    """Run code as `hub_process` does, to its end; returns what it printed to stdout."""

    def run(code, *arguments, **options) -> str:
        process = hub_process(code, *arguments, **options)
        output, errors = process.communicate(timeout=400)
        assert process.returncode == 0, errors
        return output

    return run
