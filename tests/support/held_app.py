"""The app as `python app.py` runs it, but that predictions wait until a file exists.

    HELD_UNTIL=FILE python -m tests.support.held_app

So a test, not the machine's speed, says how long an answer takes. `GRACE` in the environment is how
long the app waits for answers once it is told to end [s], where that is not serving.GRACE.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ser_core.ui.server import serving

LOOK = 0.01  # [s]


def hold(predict: Callable[..., Any], wait: Callable[[], Any]) -> Callable[..., Any]:
    """Return `predict` that waits before it begins."""

    def held(*audio: Any, **options: Any) -> Any:
        wait()
        return predict(*audio, **options)

    return held


def main() -> None:
    """Serve the app, its predictions held."""
    import app  # which loads the model

    go = Path(os.environ["HELD_UNTIL"])

    def wait() -> None:
        while not go.exists():
            time.sleep(LOOK)

    app.recognizer.predict = hold(app.recognizer.predict, wait)
    serving.GRACE = float(os.environ.get("GRACE", serving.GRACE))
    serving.serve(app.demo, app.launch_options)


if __name__ == "__main__":
    main()
