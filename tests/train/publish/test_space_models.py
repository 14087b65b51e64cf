"""A Space serves each of the reference systems, in an environment of exactly its requirements."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
from gradio_client import handle_file

from ser_core.config.emotions import LABELS
from ser_core.model.files import files_in
from tests.support.app import ROOT, SPEECH, connect, running_app
from tests.support.environments import fill_environment
from tests.support.hub_server import HubServer
from tests.support.shared import keep

SYSTEMS = {  # the extras each needs
    "cnn_lstm": (),
    "kbest_dense": ("reference",),
    "mfcc_lstm": ("reference",),
    "autoencoder_bilstm": ("reference",),
    "cnn_lstm without LiteRT": ("keras",),
}
PLAIN = "cnn_lstm"
PATIENCE = 900  # [s] for what takes seconds where the machine does nothing else

Publish = Callable[[str], "Published"]


@dataclass(frozen=True)
class Published:
    """A Space as it was written.

    Attributes:
        folder: of the Space's files.
        variables: of the Space's machine.
    """

    folder: Path
    variables: dict[str, str]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The lines of its requirements.txt, without comments."""
        lines = (self.folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
        return tuple(line for line in lines if not line.startswith("#"))


def write_system(folder: Path, system: str) -> None:
    """Write a model repository of a reference system, as its recipe makes it, untrained."""
    import keras

    from train import recipe as recipes
    from train.data.feature_cache import feature_config
    from train.networks import NETWORKS
    from train.networks.litert_files import write_litert

    name, _, without = system.partition(" without ")
    keras.utils.set_random_seed(2)
    recipe = recipes.load(name)
    count = recipe.features.select
    config = feature_config(recipe, selected=tuple(range(count)) if count else None)
    build = NETWORKS[recipe.network.name]
    network = build(config.frames, config.features, len(config.labels), **recipe.network.parameters)
    folder.mkdir(parents=True)
    network.save(folder, zipped=False)
    config.save(folder)
    if not without:
        write_litert(network, config, folder)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publish]:
    """Publish a model to a Hub and, in a dry run, a Space that serves it."""
    with HubServer() as hub:

        @cache
        def publish(system: str) -> Published:
            made = tmp_path_factory.mktemp("space")
            write_system(made / "model", system)
            model = f"user/{system.replace(' ', '_')}"
            files = {
                name: (made / "model" / name).read_bytes() for name in files_in(made / "model")
            }
            revision = hub.repo("model", model).write(files)
            variables = {
                "HF_ENDPOINT": hub.url,
                "HF_HOME": str(made / "home"),
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "SER_MODEL_ID": model,
                "SER_MODEL_REVISION": revision,
            }
            options = ["--repo", "user/space", "--model", model, "--dry-run", "--out"]
            subprocess.run(
                [sys.executable, "-m", "train", "publish-space", *options, made / "space"],
                cwd=ROOT,
                env={**os.environ, **variables},
                check=True,
                timeout=PATIENCE,
            )
            return Published(made / "space", variables)

        yield publish


def install(requirements: tuple[str, ...]) -> Path:
    """Make an environment of some requirements and nothing else; returns its Python."""
    fill = partial(fill_environment, requirements)
    return keep(f"environment of {requirements}", fill) / "bin" / "python"


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_space_serves_each_reference_system(published: Publish, system: str) -> None:
    space = published(system)
    written = " ".join(space.requirements)
    assert ("librosa" in written) == ("reference" in SYSTEMS[system])
    assert ("tensorflow" in written) == ("keras" in SYSTEMS[system])
    with running_app(install(space.requirements), space.folder, **space.variables) as (url, _):
        client = connect(url)
        answer = client.predict(handle_file(SPEECH), api_name="/predict_all")
        about = client.predict(api_name="/model_info")
    assert about["model"] == space.variables["SER_MODEL_ID"]
    assert about["revision"] == space.variables["SER_MODEL_REVISION"]
    probabilities = [answer["probabilities"][label] for label in LABELS]
    assert np.isclose(sum(probabilities), 1.0, atol=1e-3)


@pytest.mark.slow
def test_without_what_it_needs_a_model_is_refused_at_load(published: Publish) -> None:
    plain = install(published(PLAIN).requirements)
    for name, package in (("kbest_dense", "librosa"), ("cnn_lstm without LiteRT", "keras")):
        space = published(name)
        done = subprocess.run(
            [plain, "-m", "ser_core.ui.startup"],
            cwd=space.folder,
            env={**os.environ, **space.variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 1
        needed = f"needs {package}, which this environment lacks: pip install '{package}"
        assert needed in done.stderr
        assert "Traceback" not in done.stderr
