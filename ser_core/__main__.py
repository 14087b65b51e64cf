"""The command line: `ser COMMAND`, or `python -m ser_core COMMAND`; `ser --help` names them."""

import sys

from ser_core.batch import interrupts

STOPPED = "Stopped."


def main() -> None:
    """Run the command that the arguments name."""
    interrupts.stop_while_importing(STOPPED)
    try:
        from ser_core.ui.shell.program import run_program  # what takes time
    except ImportError as error:
        sys.exit(
            f"ser needs {error.name}, which is not installed ({error}): install ser-core anew."
        )
    interrupts.run_until_interrupted(run_program, STOPPED)


if __name__ == "__main__":
    main()
