"""Base of everything read from outside: frozen pydantic models, and faults said in one sentence."""

import json
from textwrap import shorten
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..errors import ConfigError

LONGEST_NAME = 80  # characters
_LONGEST_PATH, _LONGEST_REASON = 120, 240  # characters of a sentence on what is not valid
_LONGEST_MESSAGE = 600  # characters of what a check of our own says

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]


def _check_printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"{text!r:.60} is no name that can be printed")
    return text


Name = Annotated[
    str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_check_printable)
]
"""A word or a few, without line breaks or what else cannot be seen."""


class Strict(BaseModel):
    """Base of everything read from outside: frozen, and unknown keys raise."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """Validate `data` as `model`, turning pydantic's report into one sentence."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{source} is not valid: {_sentence(error)}") from error


def validated_json(model: type[Model], data: Any, source: str) -> Model:
    """Validate what JSON holds as `model`: as `validated`, and "2" is no number, nor is true."""
    try:
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        raise ConfigError(f"{source} is not valid: {_sentence(error)}") from error


def _sentence(error: ValidationError) -> str:
    """Say the first fault of a validation, and how many more there are."""
    faults = error.errors(include_url=False)
    first = faults[0]
    path = ".".join(str(part) for part in first["loc"])[:_LONGEST_PATH]
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in path)
    where = shown[: 2 * _LONGEST_PATH]  # what is escaped is longer
    if first["type"] == "extra_forbidden":
        what = f"unknown key {where}"
    elif first["type"] == "missing":
        what = f"key {where} is missing"
    elif first["type"] == "value_error":
        message = shorten(
            first["msg"].removeprefix("Value error, "), _LONGEST_MESSAGE, placeholder=" ..."
        )
        what = f"{where}: {message}" if where else message
    elif first["type"] == "union_tag_invalid":
        known = shorten(
            first["ctx"]["expected_tags"].replace("'", ""), _LONGEST_REASON, placeholder=" ..."
        )
        what = f"{where} is of the kind {first['ctx']['tag']!r:.60}: expected one of {known}"
    else:
        reason = shorten(first["msg"].lower(), _LONGEST_REASON, placeholder=" ...")
        what = f"{where} is {first['input']!r:.60}: {reason}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{what}{more}."
