"""What goes to the wrong side of a call is counted as it is meant."""

import numpy as np

from train.speech.calls import count_errors


def test_seconds_of_the_other_one_alone_are_wrong_and_both_at_once_is_both():
    truth = np.zeros((400, 2), dtype=bool)
    truth[:200, 0] = truth[100:300, 1] = True
    assert count_errors(truth, truth) == {"speech": 4.0, "wrong": 0.0, "missed": 0.0}
    assert count_errors(truth[:, ::-1], truth) == {"speech": 4.0, "wrong": 2.0, "missed": 2.0}
    one = np.zeros_like(truth)
    one[:, 0] = True  # the pause at the end is nobody's, and so no turn of the wrong one
    assert count_errors(one, truth) == {"speech": 4.0, "wrong": 1.0, "missed": 2.0}
