"""Every environment variable the app reads, in one place.

The limits of the page and of its API are here too, and nowhere else. Spaces set them under
Settings, Variables; a laptop sets them before the command: `SER_MAX_SECONDS=30 python app.py`.
"""

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from ..config.schema import Positive, Strict, validated
from ..errors import ConfigError
from ..recognizer import DEFAULT_MODEL
from ..timeline.teachable_model import MAX_SECONDS

PREFIX = "SER_"
DEBUG = "SER_DEBUG"  # the command line's own (see ser_core/ui/shell/program.py)

UPLOAD_AGE = 600  # [s] age at which a recording made or uploaded on the page is deleted
SWEEP_PERIOD = 60  # [s] between two looks for recordings of that age
LEAST_COMPARED, MOST_COMPARED = 2, 6  # recordings of one comparison
SPEAKERS = (2, 3, 4, 5, 6)  # how many people one recording can be split between

ANYONE = ("*",)
SELF, NOBODY = "'self'", "'none'"
SITE = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(\d{1,5}|\*))?", re.ASCII)
"""A site as Content-Security-Policy names it: "https://example.com", "https://*.example.com"."""


class Settings(Strict):
    """How the app runs: which model, where it listens, and how much it takes on.

    Attributes:
        model_id: str, a folder or the id of a Hub repository ("user/name").
        model_revision: str, branch, tag or commit of that repository; None for its main branch.
        max_seconds: float [s], longest recording that is answered, on the page and by the API. A
            minute by default: beyond it, one emotion for the whole is rarely true.
        max_megabytes: int [MB of 10^6 bytes], largest upload; larger ones get HTTP status 413. The
            default holds a minute of the largest usual format, 96 kHz stereo at 32 bits.
        queue: int, recordings that may wait for their turn; the next one is turned away. The
            default takes fifty programs at once, each with one recording.
        concurrency: int, recordings that are worked on at a time, page and API together. The
            default is the number of CPUs of a free Space.
        max_timeline_seconds: float [s], longest recording that gets a timeline, an hour by default.
            `max_megabytes` holds for it as well: 50 MB are an hour at 110 kbit/s.
        connections: int, connections that are open at a time. A browser takes up to six, a program
            one or two. Beyond it, those that wait longest without a request are closed.
        live_visitors: int, visitors who may speak live at a time; the next one waits. Each
            takes about a twentieth of a core.
        live_seconds: float [s], how long one visitor keeps that place. Whoever goes on speaking
            asks for a place again, so that those who wait get their turn.
        mcp: bool, whether the endpoints are tools for language models as well, by the Model Context
            Protocol at /gradio_api/mcp/; needs the package mcp.
        fetch: bool, whether a recording may also be given as a web address, which the server then
            fetches: from public addresses alone, `max_megabytes` at most. Who may ask for that
            borrows the server's own place in the network.
        auth: ((name, password), ...), who may log in; empty for a page that is open to all. As a
            variable "user:password,user2:password2", so neither may hold a comma, nor a name a
            colon. /health stays open. Not together with `mcp`: Gradio's tools know of no login.
        frame_ancestors: tuple of str, the sites whose pages may show this one in a frame, such as
            ("https://example.com", "https://*.example.com"); ("*",) for all, ("'none'",) for none.
            As a variable with spaces or commas between, and `self` and `none` without quotes. None
            for the default: all for a Space that takes no feedback; otherwise the Hub's pages;
            where there is a login, the page's own site, and the Hub's for a Space. With `auth` only
            ("'self'",) or ("'none'",), as another site's page could be made to press what only a
            login opens.
        feedback_repo: str, id of a data set on the Hub ("user/name") that visitors may send
            feedback to, with the token in HF_TOKEN; made as a private one where it is not there.
            None for a page that asks for none.
        host: str, address to listen on.
        port: int, port to listen on.
        root_path: str, where visitors find the app behind a reverse proxy: a path ("/emotion") or a
            whole address ("https://example.com/emotion"); empty for the root of its host.
        space: str, id of the Space that this is; a Space says so itself. None anywhere else.
    """

    model_config = ConfigDict(populate_by_name=True)

    model_id: Annotated[str, Field(min_length=1, alias="SER_MODEL_ID")] = DEFAULT_MODEL
    model_revision: Annotated[str | None, Field(min_length=1, alias="SER_MODEL_REVISION")] = None
    max_seconds: Annotated[Positive, Field(le=MAX_SECONDS, alias="SER_MAX_SECONDS")] = 60.0
    max_megabytes: Annotated[int, Field(gt=0, le=1_000, alias="SER_MAX_MEGABYTES")] = 50
    queue: Annotated[int, Field(gt=0, le=10_000, alias="SER_QUEUE")] = 64
    concurrency: Annotated[int, Field(gt=0, le=40, alias="SER_CONCURRENCY")] = 2
    max_timeline_seconds: Annotated[
        Positive, Field(le=86_400, alias="SER_MAX_TIMELINE_SECONDS")
    ] = 3_600.0
    connections: Annotated[int, Field(ge=8, le=100_000, alias="SER_CONNECTIONS")] = 1_000
    live_visitors: Annotated[int, Field(gt=0, le=1_000, alias="SER_LIVE_VISITORS")] = 8
    live_seconds: Annotated[Positive, Field(ge=10, le=86_400, alias="SER_LIVE_SECONDS")] = 300.0
    mcp: Annotated[bool, Field(alias="SER_MCP")] = False
    fetch: Annotated[bool, Field(alias="SER_FETCH")] = False
    # Not in the representation, which ends up in logs.
    auth: Annotated[tuple[tuple[str, str], ...], Field(alias="SER_AUTH", repr=False)] = ()
    frame_ancestors: Annotated[tuple[str, ...] | None, Field(alias="SER_FRAME_ANCESTORS")] = None
    feedback_repo: Annotated[
        str | None, Field(pattern=r"^[\w.-]+/[\w.-]+$", alias="SER_FEEDBACK_REPO")
    ] = None
    # The names Gradio and Spaces use for these; a Space sets the first two and the last itself.
    host: Annotated[str, Field(min_length=1, alias="GRADIO_SERVER_NAME")] = "127.0.0.1"
    port: Annotated[int, Field(gt=0, lt=65_536, alias="GRADIO_SERVER_PORT")] = 7860
    root_path: Annotated[str, Field(pattern="^(/|https?://)", alias="GRADIO_ROOT_PATH")] = ""
    space: Annotated[str | None, Field(alias="SPACE_ID")] = None

    @field_validator("mcp")
    @classmethod
    def _require_mcp(cls, value: bool) -> bool:
        # Gradio would go on without, and print why among other lines.
        if value and find_spec("mcp") is None:
            raise ValueError(
                "the package mcp is not installed; run pip install 'ser-core[mcp]', or unset it"
            )
        return value

    @field_validator("auth", mode="before")
    @classmethod
    def _read_auth(cls, value: Any) -> Any:
        # No sentence of these may hold a password.
        if not isinstance(value, str):
            return value
        pairs = []
        for position, pair in enumerate(value.split(","), start=1):
            name, colon, password = pair.partition(":")
            if not (name.strip() and colon and password):
                raise ValueError(
                    'expected "user:password" or several of them with commas between, but number '
                    f"{position} has no {'name' if colon and password else 'password'}"
                )
            pairs.append((name.strip(), password))
        if len(dict(pairs)) < len(pairs):
            raise ValueError("one of the names is there twice")
        return tuple(pairs)

    @field_validator("frame_ancestors", mode="before")
    @classmethod
    def _read_sites(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.replace(",", " ").lower().split()
        if not isinstance(value, (list, tuple)):
            return value
        quoted = {"self": SELF, "none": NOBODY}
        sites = tuple(quoted.get(site, str(site).removesuffix("/")) for site in value)
        for site in sites:
            if site not in (*ANYONE, SELF, NOBODY) and not SITE.fullmatch(site):
                raise ValueError(
                    'expected "*", "none", "self" or sites as in "https://example.com '
                    f'https://*.example.com", got {site[:100]!r}'
                )
        if len(sites) != 1 and (not sites or {*ANYONE, NOBODY} & set(sites)):
            raise ValueError('"*" and "none" stand alone, and without either a site is needed')
        return sites

    @model_validator(mode="after")
    def _require_login_everywhere(self) -> Self:
        if self.auth and set(self.frame_ancestors or ()) - {SELF, NOBODY}:
            raise ValueError(
                "with SER_AUTH, SER_FRAME_ANCESTORS may be self or none, or not be set: another "
                "site's page could be made to press what only a login opens"
            )
        if self.auth and self.mcp:
            raise ValueError(
                "SER_AUTH and SER_MCP cannot both be set: Gradio's tools know of no login"
            )
        return self

    @property
    def max_bytes(self) -> int:
        """Largest upload [bytes]."""
        return self.max_megabytes * 1_000_000

    @property
    def embedded(self) -> bool:
        """Whether the model is the one that comes with the package."""
        return self.model_id == DEFAULT_MODEL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from environment variables.

        A variable that is set but empty counts as not set, which is how Spaces hand over a
        variable without a value.

        Args:
            environment: names and values; the process's own by default.

        Returns:
            Settings.

        Raises:
            ConfigError: a value is not valid, or a SER_ variable is unknown.

        >>> Settings.from_environment({"SER_MAX_SECONDS": "30"}).max_seconds
        30.0
        """
        known = {field.alias for field in cls.model_fields.values() if field.alias is not None}
        found = {name: value.strip() for name, value in environment.items() if value.strip()}
        ours = {name for name in found if name.startswith(PREFIX)} - {DEBUG}
        unknown = sorted(ours - known)
        if unknown:
            # A limit whose name is misspelt would silently not be a limit.
            names = ", ".join(sorted(name for name in known if name.startswith(PREFIX)))
            raise ConfigError(
                f"The environment variable {unknown[0]} is unknown: expected one of {names}."
            )
        values = {name: value for name, value in found.items() if name in known}
        return validated(cls, values, "The environment")
