"""The command line of the training system: python -m train COMMAND."""

import logging
import os
import sys

from ser_core.batch import interrupts

if __name__ == "__main__":
    interrupts.stop_while_importing()

import typer

from ser_core.config.disk_faults import explain_refusal, is_full
from ser_core.errors import SpeechEmotionError

from .commands import (
    corpus,
    evaluation,
    leaks,
    publication,
    results_folder,
    speech_models,
    training,
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes about the processor
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # faster, but TensorFlow's choice on some only

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Train, judge and describe speech emotion models.",
)
for module in (training, evaluation, results_folder, leaks, publication, speech_models):
    app.add_typer(module.app)
app.add_typer(corpus.app, name="corpus")


def main() -> None:
    """Run a command; a known fault ends it with one sentence and exit status 1, Ctrl-C with 130."""
    logger = logging.getLogger("train")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler())
    interrupts.run_until_interrupted(run_command)


def run_command() -> None:
    """Run the command that the arguments name."""
    try:
        app(standalone_mode=True)
    except SpeechEmotionError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        if error.filename is None and not is_full(error):
            raise
        print(f"error: {explain_refusal(error)}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
