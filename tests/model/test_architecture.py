"""A network's stages and sizes are read from its JSON, as Keras counts them."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from ser_core.model.architecture import Architecture
from tests.support.frame_models import frame_config, frame_network
from tests.support.small_networks import CASES, CLASSES
from train.networks import NETWORKS


@pytest.mark.parametrize("name", ["residual_cnn", "speech_encoder"])
def test_parameters_are_those_that_keras_counts(name):
    case = CASES[name]
    network = NETWORKS[name](*case.small, CLASSES, **case.settings)
    architecture = Architecture.from_json(network.to_json())
    assert architecture.parameters == network.count_params()


def test_a_network_with_frames_shows_where_it_is_cut():
    network = frame_network(frame_config())
    architecture = Architecture.from_json(network.to_json())
    assert architecture.parameters == network.count_params()
    outputs = {stage.name: stage.output for stage in architecture.stages}
    assert outputs["frames"] == (50, 8)
    assert outputs["summary"] == (24,)
