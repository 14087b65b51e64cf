"""Measure training steps: train/fitting/steps.py beside Keras' fit(), with and without oneDNN.

    python -m benchmarks.training           # the recipe tiny; --recipe NAME for another

Each figure is from a process of its own on one thread, as `python -m train fit` trains a network,
and on one batch of random features over and over, so that nothing but steps is measured.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

WARM_UP = 8  # steps: the first ones trace and allocate
WAYS = ("fit", "loop")
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"


def measure(recipe_name: str, way: str, steps: int) -> float:
    """Train in this process; returns steps a second after the warm-up."""
    import keras
    import numpy as np

    from train.data.feature_cache import feature_config
    from train.fitting.loop import deterministic
    from train.fitting.losses import masked_crossentropy
    from train.fitting.steps import copy_to_learn, take_steps
    from train.networks import NETWORKS
    from train.recipe import load

    deterministic(threads=1)
    recipe = load(recipe_name, [])
    config, count = feature_config(recipe), recipe.training.batch_size
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(count, config.frames, config.features)).astype(np.float32)
    classes = len(config.labels)
    targets = np.eye(classes, dtype=np.float32)[rng.integers(classes, size=count)]
    parameters = {k: v for k, v in recipe.network.parameters.items() if k != "intensity"}
    build = NETWORKS[recipe.network.name]
    network = build(config.frames, config.features, classes, **parameters)
    if way == "loop":
        network = copy_to_learn(network, [])
    network.compile(keras.optimizers.AdamW(1e-3), masked_crossentropy)

    class SameBatch(keras.utils.PyDataset):
        def __len__(self) -> int:
            return WARM_UP + steps

        def __getitem__(self, step: int) -> tuple[np.ndarray, np.ndarray]:
            return inputs, targets

    ends: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            ends.append(time.perf_counter())

    if way == "fit":
        network.fit(SameBatch(workers=1), shuffle=False, verbose=0, callbacks=[Clock()])
    else:
        take_steps(network, SameBatch(), [Clock()])
    return steps / (ends[-1] - ends[WARM_UP - 1])


def main() -> None:
    """Print steps a second of each way, their spread, and the ratio to fit() without oneDNN."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--recipe", default="tiny")
    arguments.add_argument("--steps", type=int, default=32)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)  # in its own process
    given = arguments.parse_args()
    if given.way is not None:
        print(measure(given.recipe, given.way, given.steps))
        return
    found: dict[tuple[str, str], list[float]] = {}
    for _ in range(given.rounds):  # in turn, so that a busy minute is everybody's
        for onednn in ("0", "1"):
            for way in WAYS:
                command = [sys.executable, "-m", "benchmarks.training", "--way", way]
                command += ["--recipe", given.recipe, "--steps", str(given.steps)]
                quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", ONEDNN: onednn}
                done = subprocess.run(
                    command, env=os.environ | quiet, capture_output=True, text=True, check=True
                )
                found.setdefault((way, onednn), []).append(float(done.stdout.split()[-1]))
    base = statistics.median(found["fit", "0"])
    print(f"{given.recipe}, steps a second on one thread, median of {given.rounds} rounds")
    for (way, onednn), rates in found.items():
        rate = statistics.median(rates)
        print(
            f"  {way:4} oneDNN {'on ' if onednn == '1' else 'off'} {rate:6.2f} "
            f"({min(rates):.2f} to {max(rates):.2f}), {rate / base:.2f} times fit() without"
        )


if __name__ == "__main__":
    main()
