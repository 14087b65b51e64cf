"""Feature blocks: what they are called, how wide they are, and what they refuse."""

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from ser_core.config.blocks import BLOCKS, Block
from ser_core.config.frame_blocks import (
    ChromaBlock,
    LogMelBlock,
    SpectralContrastBlock,
    TonnetzBlock,
)
from ser_core.config.utterance_blocks import (
    BandEnergiesBlock,
    ContrastStatisticsBlock,
    PitchBlock,
    UtteranceBlock,
)
from ser_core.errors import ConfigError
from train import recipe

RECIPE_BLOCKS = recipe.load("autoencoder_bilstm").features.blocks
FRAME_BLOCKS = tuple(block for block in RECIPE_BLOCKS if not block.per_utterance)
UTTERANCE_BLOCKS = tuple(block for block in RECIPE_BLOCKS if block.per_utterance)

ANY_BLOCK = TypeAdapter(Block)


def width(chosen) -> int:
    return sum(block.width for block in chosen)


def test_the_reference_lists_are_129_and_74_and_203_features_wide():
    assert width(FRAME_BLOCKS) == 129
    assert width(UTTERANCE_BLOCKS) == 74
    assert width(FRAME_BLOCKS + UTTERANCE_BLOCKS) == 203


def test_every_feature_has_its_own_name():
    names = [name for block in FRAME_BLOCKS + UTTERANCE_BLOCKS for name in block.feature_names]
    assert len(set(names)) == 203
    assert names[39:41] == ["mfcc_39", "mfcc_delta_0"]
    assert "band_energies_2000_hz" in names
    assert "spectral_entropy" in names


def test_only_utterance_blocks_are_per_utterance():
    for block in BLOCKS.values():
        assert block.per_utterance == issubclass(block, UtteranceBlock)


@pytest.mark.parametrize(
    "block",
    [
        *FRAME_BLOCKS,
        *UTTERANCE_BLOCKS,
        LogMelBlock(),
        ChromaBlock(),
        TonnetzBlock(),
    ],
    ids=lambda block: block.name,
)
def test_a_block_survives_being_written_and_is_told_by_its_name(block):
    assert ANY_BLOCK.validate_json(block.model_dump_json()) == block
    assert ANY_BLOCK.validate_python({"name": block.name}).width > 0
    assert len(block.feature_names) == block.width


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "jitter"}, "does not match any of the expected tags"),
        ({"name": "chroma", "colour": 1}, "Extra inputs are not permitted"),
        ({"name": "chroma", "n_fft": 1025}, "multiple of 2"),
        ({"name": "chroma", "n_fft": 512, "hop_length": 512}, "at most half of n_fft 512"),
        ({"name": "mfcc", "n_mfcc": 40, "n_mels": 20}, "n_mfcc 40 must be at most n_mels 20"),
        ({"name": "mfcc", "deltas": 41}, "deltas 41 must be at most n_mfcc 40"),
        ({"name": "renyi_entropy", "alpha": 1}, "alpha must differ from 1"),
        ({"name": "harmonic_percussive", "kernel_size": 30}, "kernel_size 30 must be odd"),
        ({"name": "band_energies", "edges": [500, 0]}, "edges must rise"),
        ({"name": "pitch", "fmin": 500, "fmax": 100}, "fmin 500.0 Hz must be below"),
    ],
)
def test_a_wrong_block_is_refused_in_words(data, sentence):
    with pytest.raises(ValidationError, match=sentence):
        ANY_BLOCK.validate_python(data)


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 48_000])
def test_the_reference_blocks_fit_ordinary_sample_rates(sample_rate):
    for block in FRAME_BLOCKS + UTTERANCE_BLOCKS:
        block.check_rate(sample_rate)


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (SpectralContrastBlock(), "begins a band at 6400 Hz, .* 4000 Hz"),
        (ContrastStatisticsBlock(n_bands=5, n_fft=32, hop_length=16), "n_fft of at least"),
        (BandEnergiesBlock(edges=(0.0, 4_000.0)), "begins a band at 4000 Hz"),
        (PitchBlock(fmin=4_000.0, fmax=5_000.0), "begins a band at 4000 Hz"),
    ],
)
def test_a_band_beyond_the_sample_rate_is_refused(block, sentence):
    with pytest.raises(ConfigError, match=sentence):
        block.check_rate(8_000)


def test_importing_blocks_imports_neither_librosa_nor_scipy():
    code = (
        "import sys, ser_core.config.blocks; "
        "print([m for m in ('librosa', 'scipy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
