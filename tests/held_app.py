"""The app as `python app.py` runs it, but that predictions wait until a file exists.

    HELD_UNTIL=FILE python -m tests.held_app

So a test, not the machine's speed, says how long an answer takes. `GRACE` in the environment is how
long the app waits for answers once it is told to end [s], where that is not serving.GRACE.
"""

import os
import time
from pathlib import Path
from typing import Any

from ser_core.ui import serving

LOOK = 0.01  # [s]


def main() -> None:
    """Serve the app, its predictions held."""
    import app  # which loads the model

    go, predict = Path(os.environ["HELD_UNTIL"]), app.recognizer.predict

    def held(*audio: Any, **options: Any) -> Any:
        while not go.exists():
            time.sleep(LOOK)
        return predict(*audio, **options)

    app.recognizer.predict = held
    serving.GRACE = float(os.environ.get("GRACE", serving.GRACE))
    serving.serve(app.demo, app.launch_options, app.log)


if __name__ == "__main__":
    main()
