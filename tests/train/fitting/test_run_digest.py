"""What identifies a run, so that folds of another one are never mixed in."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.tiny_heads import heads_run, write_corpora
from tests.support.tiny_whisper import as_safetensors, tiny_whisper
from train import corpora
from train import recipe as recipes
from train.answers.out_of_fold import read_records
from train.corpora import Corpus
from train.data.feature_cache import Features
from train.data.material import Material
from train.fitting.finished_work import identify_finished
from train.fitting.plan import Run, fold_weights, make_run

ROOT = Path(__file__).parents[3]
RESULTS, DATA = ROOT / "train" / "results", ROOT.parent / "shared" / "data"
FOLDERS = sorted(file.parent for file in RESULTS.glob("*/*/recipe.toml"))
OF_ONE_CORPUS = [folder for folder in FOLDERS if folder.name != "corpus"]


def material_of(digests: list[str]) -> Material:
    """Clips of which nothing but their bytes is known."""
    features = [Features(digest, 1.0, {}) for digest in digests]
    return Material(features, np.zeros((len(digests), 8)), np.zeros(len(digests)))


def run_of(recipe: recipes.Recipe, protocol: str, given: dict[str, Corpus]) -> Run:
    nowhere = Path("nowhere")
    return make_run(recipe, protocol, given, results=nowhere, work=nowhere, cache=nowhere)


def test_renamed_recipe_keeps_its_folds_and_another_seed_does_not() -> None:
    material = material_of(["one clip", "another"])

    def digest(*overrides: str) -> str:
        return run_of(recipes.load("tiny", list(overrides)), "speaker", {}).digest(material)

    assert digest('name="renamed"', 'description="Another."') == digest()
    assert digest("seed=2") != digest()
    assert digest("training.steps=7") != digest()


@pytest.fixture(scope="module")
def speech(ravdess: Path) -> tuple[Corpus, list[str]]:
    """RAVDESS, and the digest of each clip."""
    corpus = corpora.load("ravdess", ravdess)
    return corpus, [hashlib.sha256(clip.path.read_bytes()).hexdigest() for clip in corpus.clips]


def test_other_audio_of_a_corpus_that_is_learnt_from_beside_is_another_run(tmp_path: Path) -> None:
    write_corpora(tmp_path)
    material = material_of(["one clip", "another"])
    digest = heads_run(tmp_path).digest(material)
    assert heads_run(tmp_path).digest(material) == digest
    for name in ("ravdess_song", "nemo", "voices"):
        file = sorted((tmp_path / name).rglob("*.wav"))[0]
        content = file.read_bytes()
        file.write_bytes(content[:-2] + b"\x01\x02")
        assert heads_run(tmp_path).digest(material) != digest, name
        file.write_bytes(content)
    assert heads_run(tmp_path).digest(material) == digest


def test_another_encoder_is_another_run(tmp_path: Path) -> None:
    write_corpora(tmp_path)
    material = material_of(["one clip"])
    run = heads_run(tmp_path)
    weights = tiny_whisper()
    weights["conv1.bias"] = weights["conv1.bias"] + 1.0
    (tmp_path / "other.safetensors").write_bytes(as_safetensors(weights, "F16"))
    other = replace(run, encoder=str(tmp_path / "other.safetensors"))
    assert other.digest(material) == run.digest(material)
    assert other.identify(material) != run.identify(material)
    assert fold_weights(other, 1, other.identify(material)).name not in (
        fold_weights(run, 1, run.identify(material)).name
    )


@pytest.mark.parametrize("recipe", ["tiny", "taught"])
def test_other_audio_that_is_learnt_from_first_or_beside_is_another_run(
    recipe: str, tmp_path: Path
) -> None:
    write_corpora(tmp_path)
    given = {name: corpora.load(name, tmp_path / name) for name in ("ravdess", "nemo")}
    run, material = run_of(recipes.load(recipe), "speaker", given), material_of(["one clip"])
    before = run.identify(material)
    assert run.identify(material) == before
    assert before.startswith(run.digest(material))
    file = given["nemo"].clips[0].path
    file.write_bytes(file.read_bytes()[:-2] + b"\x01\x02")
    assert replace(run).identify(material) != before


@pytest.mark.parametrize("folder", OF_ONE_CORPUS, ids=lambda f: f.relative_to(RESULTS).as_posix())
def test_committed_folds_are_of_the_recipe_beside_them(
    folder: Path, speech: tuple[Corpus, list[str]]
) -> None:
    corpus, digests = speech
    recipe = recipes.load(str(folder / "recipe.toml"))
    assert recipe.name == folder.parent.name
    further = {name: Corpus(corpora.find(name).INFO, ()) for name in recipe.further_corpora}
    for name in recipe.further_corpora if recipe.heads else ():
        if not (DATA / name).is_dir():
            pytest.skip(f"needs the corpus {name}, which is not of this repository")
        further[name] = corpora.load(name, DATA / name)
    run = run_of(recipe, folder.name, {"ravdess": corpus, **further})
    repeated = np.resize(np.array(digests), len(run.clips))  # `duplicated` has every clip twice
    records = read_records(folder)
    material = material_of(list(repeated))
    (identity,) = {record["run"] for record in records.values()}
    assert identity.partition("-")[0] == run.digest(material)
    # They stay done, and need no encoder for that.
    committed = replace(run, results=folder)
    assert identify_finished(committed, material, records) == identity
