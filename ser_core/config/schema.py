"""Base of everything read from outside: frozen pydantic models, and faults said in one sentence."""

import json
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..errors import ConfigError

LONGEST_NAME = 80  # characters

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
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        what = f"unknown key {where}"
    elif first["type"] == "missing":
        what = f"key {where} is missing"
    elif first["type"] == "value_error":
        message = first["msg"].removeprefix("Value error, ")
        what = f"{where}: {message}" if where else message
    else:
        what = f"{where} is {first['input']!r:.60}: {first['msg'].lower()}"
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{what}{more}."
