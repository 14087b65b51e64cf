"""A Space as it is published, run by itself: frames, tools, and what agents are told."""

from collections.abc import Iterator

import pytest
from gradio_client import handle_file

from ser_core.config.emotions import LABELS
from tests.support.app import HTTP, SPEECH, connect, file_data, running_app, upload
from tests.support.language_tools import data_address, needs_mcp, with_tools
from train.publish.spaces import write_space

MARKED = "<svg><!-- of this very copy --></svg>"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Space that runs from the files that were published, as Spaces run one."""
    pytest.importorskip("mcp")
    folder = tmp_path_factory.mktemp("published") / "space"
    write_space(folder, repo="user/space", mcp=True)
    (folder / "ser_core" / "ui" / "icons" / "favicon.svg").write_text(MARKED)
    environment = {"SPACE_ID": "user/space", "SER_MCP": "1"}
    uploads = str(tmp_path_factory.mktemp("uploads"))
    with running_app(folder=folder, GRADIO_TEMP_DIR=uploads, **environment) as (url, _):
        yield url


def test_a_space_runs_by_itself_and_may_be_framed_anywhere(space: str) -> None:
    assert HTTP.get(f"{space}icons/favicon.svg").text == MARKED
    headers = HTTP.get(space).headers
    assert not {"content-security-policy", "x-frame-options"} & set(headers)
    answer = connect(space).predict(handle_file(SPEECH), api_name="/predict")
    assert answer["label"] in LABELS


@needs_mcp
def test_a_space_is_a_server_of_tools(space: str) -> None:
    tools = with_tools(space, lambda one: one.list_tools()).tools
    # Gradio puts the Space's name before each, so that those of several can be used together.
    named = {tool.name.removeprefix("space_") for tool in tools}
    assert {"predict", "analyze", "compare", "model_info"} <= named
    assert all(tool.description for tool in tools)
    predict = next(tool.name for tool in tools if tool.name.endswith("predict"))
    said = with_tools(space, lambda one: one.call_tool(predict, {"audio": data_address(SPEECH)}))
    assert not said.isError
    assert HTTP.get(f"{space}config").json()["mcp_server"] is True  # by which the Hub knows


def test_what_the_hub_tells_agents_of_a_space_is_answered(space: str) -> None:
    # https://huggingface.co/spaces/user/space/agents.md, which the Hub writes by itself.
    assert "/predict" in HTTP.get(f"{space}gradio_api/info").json()["named_endpoints"]
    (path,) = upload(space, "file.wav", SPEECH.read_bytes()).json()
    body = {"audio": file_data(path) | {"orig_name": "file.wav"}}
    headers = {"Authorization": "Bearer hf_none"}
    call = HTTP.post(f"{space}gradio_api/call/v2/predict", json=body, headers=headers).json()
    stream = HTTP.get(f"{space}gradio_api/call/predict/{call['event_id']}").text
    assert "event: complete" in stream
