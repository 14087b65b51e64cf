"""What is served: for the page's footer, and for machines at `/health`.

`GET /health` answers 200 with the model's name while a model is loaded, and 503 with the sentence
that says why when none is. Docker, load balancers and monitors read the code alone. It is answered
beside the recordings, not after them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ... import __version__
from ...recognizer import EmotionRecognizer
from ..look import text
from ..settings import Settings

HEALTH = "/health"
EMBEDDED = "embedded"  # the name of the model that comes with the package


@dataclass(frozen=True)
class ServedModel:
    """Which model answers.

    Attributes:
        model: str, id of the Hub repository, name of the folder, or "embedded".
        revision: str, the commit that is served; None if it is no Hub repository.
    """

    model: str
    revision: str | None = None

    @classmethod
    def of(cls, recognizer: EmotionRecognizer, settings: Settings) -> Self:
        """Say what a loaded recognizer was loaded from.

        Where a folder lies on the server is no visitor's business, so only its name is given.
        """
        if settings.embedded:
            return cls(EMBEDDED)
        if Path(settings.model_id).is_dir():
            return cls(Path(settings.model_id).resolve().name)
        return cls(
            settings.model_id, getattr(recognizer, "revision", None) or settings.model_revision
        )

    def describe(self) -> str:
        """Say it in the page's words."""
        if self.model == EMBEDDED:
            return text.EMBEDDED_MODEL
        if self.revision is None:
            return self.model
        return text.REVISION.format(model=self.model, revision=self.revision)


def hide_folder(sentence: str, settings: Settings) -> str:
    """Take the path of a server's folder out of a sentence that visitors see; its name stays."""
    path = Path(settings.model_id)
    return sentence.replace(settings.model_id, path.name) if path.is_absolute() else sentence


def health_route(state: ServedModel | str) -> Route:
    """Make the route `/health`.

    Args:
        state: ServedModel, or the sentence that says why there is no model.

    Returns:
        Route that answers JSON: status ("ok" or "unavailable") and version of ser_core, with model
        and revision, or error.
    """
    if isinstance(state, ServedModel):
        code, words = 200, {"status": "ok", "model": state.model, "revision": state.revision}
    else:
        code, words = 503, {"status": "unavailable", "error": state}
    body = words | {"version": __version__}

    async def health(request: Request) -> JSONResponse:
        return JSONResponse(body, code, headers={"Cache-Control": "no-store"})

    return Route(HEALTH, health)
