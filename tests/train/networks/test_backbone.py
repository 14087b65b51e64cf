"""The recipe backbone, over a Whisper that KerasHub really loads: `make test-backbone`."""

import numpy as np
import pytest

from tests.support.tiny_encoder import TINY
from tests.support.tiny_training import make_corpus

keras_hub = pytest.importorskip(
    "keras_hub", reason="KerasHub has an environment of its own: make test-backbone"
)

WIDTH, HEADS, DEPTH, BANDS, FRAMES = 16, 2, 2, 24, 100


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A tiny Whisper with random weights, saved as a preset as KerasHub saves any."""
    import keras

    keras.utils.set_random_seed(4)
    backbone = keras_hub.models.WhisperBackbone(
        vocabulary_size=16,
        num_layers=DEPTH,
        num_heads=HEADS,
        hidden_dim=WIDTH,
        intermediate_dim=4 * WIDTH,
        num_mels=BANDS,
        max_encoder_sequence_length=FRAMES,
        max_decoder_sequence_length=4,
    )
    rng = np.random.default_rng(4)
    for weight in backbone.weights:  # biases and norms begin at nought and one, which hide mistakes
        weight.assign(weight + rng.normal(0.0, 0.1, weight.shape))
    folder = tmp_path_factory.mktemp("preset")
    backbone.save_to_preset(str(folder))
    return folder, backbone


def test_our_network_hears_what_the_preset_hears(preset):
    import keras

    from train.networks import speech_encoder
    from train.networks.pretrained_encoders import install

    folder, backbone = preset
    shape = {"width": WIDTH, "heads": HEADS, "depth": DEPTH, "units": 16}
    network = speech_encoder.build(FRAMES, BANDS, 8, **shape)
    install(network, "keras_hub", str(folder))
    x = np.random.default_rng(1).normal(0, 1, (2, FRAMES, BANDS)).astype(np.float32)
    last = network.get_layer(f"layer{DEPTH}_add").output
    ours = keras.Model(network.input, last).predict(x, verbose=0)
    norm = backbone.get_layer("encoder_layer_norm")  # which comes after the last layer
    theirs = backbone.predict(
        {
            "encoder_features": x,
            "decoder_token_ids": np.zeros((2, 4), dtype=np.int32),
            "decoder_padding_mask": np.ones((2, 4), dtype=np.int32),
        },
        verbose=0,
    )["encoder_sequence_output"]
    np.testing.assert_allclose(np.asarray(norm(ours)), theirs, rtol=1e-3, atol=1e-3)


def test_recipe_is_trained_over_the_preset(preset, tmp_path):
    from train import corpora
    from train import recipe as recipes
    from train.fitting import fit as fitting
    from train.fitting import plan as running

    folder, _ = preset
    corpus = corpora.load("ravdess", make_corpus(tmp_path / "corpus", actors=(1, 2, 3)))
    folders = {name: tmp_path / name for name in ("results", "work", "cache")}
    recipe = recipes.load("backbone", TINY)
    run = running.make_run(recipe, "speaker", {"ravdess": corpus}, **folders, encoder=str(folder))
    fitting.fit(run, folds=(1,), jobs=1)
    assert (run.results / "folds" / "fold_1.json").is_file()
    assert list(run.work.glob("fold_1-*.weights.h5"))


def test_what_is_no_preset_is_said_in_one_sentence(tmp_path):
    from ser_core.errors import ConfigError
    from train.networks.pretrained_encoders import read_weights

    with pytest.raises(ConfigError, match="could not be read"):
        read_weights("keras_hub", str(tmp_path / "missing"))
