"""What we use and replace of how Gradio describes the API.

As in `inside`, each function says what it takes for granted, and
`tests/ui/server/test_gradio_contract.py` checks it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast, get_type_hints

import gradio as gr
from gradio import routes
from gradio.utils import get_function_description

_API_INFO: ContextVar[Any] = ContextVar("api_info", default=None)


class KeptForOne:
    """What the API's description is kept as: for the request alone that it was made for.

    Gradio keeps it for everybody, with the address by which the first one to ask called the page.
    Takes for granted that it is an attribute of the app which is made where there is none, in a
    context of the request's own.
    """

    def __get__(self, app: Any, kind: type | None = None) -> Any:
        """Give what was made in this context; None where nothing was."""
        return _API_INFO.get()

    def __set__(self, app: Any, described: Any) -> None:
        """Keep it in this context."""
        _API_INFO.set(described)


setattr(routes.App, "api_info", KeptForOne())  # noqa: B010


@dataclass(frozen=True)
class Parameter:
    """What an endpoint takes.

    Attributes:
        name: str.
        schema: JSON schema, where it is no file.
        description: str.
        is_required: bool.
        default: any, where it is not.
        is_file, is_files: bool, whether it is a file, or a list of some.
    """

    name: str
    schema: dict[str, Any]
    description: str
    is_required: bool
    default: Any
    is_file: bool
    is_files: bool


@dataclass(frozen=True)
class Endpoint:
    """A call of the API that everybody may make.

    Attributes:
        name: str.
        description: str.
        parameters: tuple of Parameter, in their order.
        answer: JSON schema of what comes back.
        returns: str, words for it.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    answer: dict[str, Any]
    returns: str

    @property
    def summary(self) -> str:
        """The first sentence of the description."""
        return f"{self.description.partition('. ')[0].removesuffix('.')}."


def list_endpoints(demo: gr.Blocks) -> list[Endpoint]:
    """List the calls of the API that everybody may make.

    Takes for granted what `get_api_info` names, that a file's kind is "filepath", and that a
    function's docstring is read by `get_function_description`.
    """
    found = []
    described = demo.get_api_info()["named_endpoints"]
    for fn in demo.fns.values():
        info = described.get(f"/{fn.api_name}") if fn.api_name else None
        if info is None or info.get("api_visibility", "public") != "public":
            continue
        function = cast(Callable[..., Any], fn.fn)
        about, words, returns = get_function_description(function)
        parameters = tuple(
            Parameter(
                name=one["parameter_name"],
                schema=one["type"],
                description=words.get(one["parameter_name"], ""),
                is_required=not one["parameter_has_default"],
                default=one["parameter_default"],
                is_file=one["python_type"]["type"] == "filepath",
                is_files=one["python_type"]["type"] == "list[filepath]",
            )
            for one in info["parameters"]
        )
        answer, *_ = [one["type"] for one in info["returns"]]
        required = getattr(get_type_hints(function).get("return"), "__required_keys__", None)
        if required is not None:  # Gradio requires what may be left out, too
            answer = answer | {
                "required": [name for name in answer["required"] if name in required]
            }
        found.append(Endpoint(str(fn.api_name), about, parameters, answer, " ".join(returns)))
    return found
