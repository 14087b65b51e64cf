"""What machines read of the API: true, complete, and its examples run as they stand."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from jsonschema import Draft202012Validator

from ser_core import __version__
from ser_core.config.emotions import LABELS
from ser_core.ui.look import text
from ser_core.ui.tabs import examples
from tests.support.app import HTTP, SPEECH, file_data, left_in, wait_for_answer

ENDPOINTS = ("predict", "predict_all", "analyze", "export", "compare", "embed", "model_info")


@pytest.fixture(scope="module")
def url(app: gr.Blocks) -> str:
    return str(app.local_url).rstrip("/")


@pytest.fixture(scope="module")
def told(url: str) -> dict[str, Any]:
    """The description, as it is at the address that Gradio has for it."""
    described: dict[str, Any] = HTTP.get(f"{url}/gradio_api/openapi.json").json()
    return described


def require_schema(value: Any, schema: dict[str, Any], told: dict[str, Any]) -> None:
    Draft202012Validator(schema | {"components": told["components"]}).validate(value)


def test_it_names_the_public_endpoints_and_nothing_else(told: dict[str, Any], url: str) -> None:
    calls = {f"/gradio_api/call/v2/{name}" for name in ENDPOINTS}
    answers = {f"/gradio_api/call/{name}/{{event_id}}" for name in ENDPOINTS}
    assert set(told["paths"]) == {"/gradio_api/upload", "/health", *calls, *answers}
    assert told["servers"] == [{"url": url}]
    assert (told["info"]["title"], told["info"]["version"]) == (text.TITLE, __version__)
    assert HTTP.get(f"{url}/openapi.json").json() == told  # a framework's own lists all its routes
    for path in ("docs", "redoc"):
        assert HTTP.get(f"{url}/{path}").status_code == 404
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(told)))
    assert references <= set(told["components"]["schemas"])
    assert len({operation["operationId"] for operation in operations(told)}) == 2 * 7 + 2


def operations(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in told["paths"].values() for operation in path.values()]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_example_runs_and_is_answered_as_it_says(
    told: dict[str, Any], url: str, name: str
) -> None:
    call = told["paths"][f"/gradio_api/call/v2/{name}"]["post"]
    content = call["requestBody"]["content"]["application/json"]
    (example,) = content["examples"].values()
    require_schema(example["value"], content["schema"], told)
    begun = HTTP.post(f"{url}/gradio_api/call/v2/{name}", json=example["value"]).json()
    require_schema(begun, call["responses"]["200"]["content"]["application/json"]["schema"], told)
    event, (answer,) = wait_for_answer(f"{url}/gradio_api/call/{name}/{begun['event_id']}")
    assert event == "complete"
    schema = "".join(part.title() for part in name.split("_")) + "Answer"
    require_schema(answer, told["components"]["schemas"][schema], told)
    words = told["paths"][f"/gradio_api/call/{name}/{{event_id}}"]["get"]["responses"]["200"]
    assert f"#/components/schemas/{schema};" in words["description"]


def test_an_upload_is_taken_as_it_says_and_what_does_not_fit_is_refused(
    told: dict[str, Any], url: str
) -> None:
    upload = told["paths"]["/gradio_api/upload"]["post"]
    (field,) = upload["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    sent = HTTP.post(f"{url}/gradio_api/upload", files={field: ("a.wav", SPEECH.read_bytes())})
    require_schema(
        sent.json(), upload["responses"]["200"]["content"]["application/json"]["schema"], told
    )
    content = told["paths"]["/gradio_api/call/v2/predict"]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    body = {"audio": file_data(sent.json()[0]), "labels": ["sad", "happy"]}
    require_schema(body, schema, told)
    begun = HTTP.post(f"{url}/gradio_api/call/v2/predict", json=body).json()
    event, (answer,) = wait_for_answer(f"{url}/gradio_api/call/predict/{begun['event_id']}")
    assert (event, answer["label"] in ("sad", "happy")) == ("complete", True)
    for wrong in ({}, body | {"speakers": 2}):
        assert not Draft202012Validator(schema | {"components": told["components"]}).is_valid(wrong)
        refused = HTTP.post(f"{url}/gradio_api/call/v2/predict", json=wrong)
        assert refused.status_code == 400
        require_schema(refused.json(), {"$ref": "#/components/schemas/Error"}, told)
    health = told["paths"]["/health"]["get"]["responses"]["200"]["content"]["application/json"]
    require_schema(HTTP.get(f"{url}/health").json(), health["schema"], told)
    for parameter in schema["properties"].values():
        assert parameter.get("description") or "$ref" in parameter


def test_agents_read_what_to_do_and_it_works(url: str) -> None:
    answer = HTTP.get(f"{url}/agents.md")
    assert answer.headers["content-type"].startswith("text/markdown")
    words = answer.text
    lines = dict(line.split(": ", 1) for line in words.splitlines() if ": " in line)
    method, schema = lines["API schema"].split(" ", 1)
    assert (method, HTTP.get(schema).status_code) == ("GET", 200)
    address = lines["File inputs"].split(" ")[1]
    (path,) = HTTP.post(address, files={"files": ("f.wav", SPEECH.read_bytes())}).json()
    given = lines["File inputs"].partition("use as: ")[2].replace("<returned-path>", path)
    call = lines["Call endpoint"].split(" ")[1].format(endpoint="predict")
    event_id = HTTP.post(call, json={"audio": json.loads(given)}).json()["event_id"]
    poll = lines["Poll result"].split(" ")[1].format(endpoint="predict", event_id=event_id)
    event, (answered,) = wait_for_answer(poll)
    assert (event, answered["label"] in LABELS) == ("complete", True)
    assert {row.split("(")[0] for row in re.findall(r"^- `(.*)`:", words, re.M)} == set(ENDPOINTS)
    assert "- `export(audio, format, speakers?, channels?, labels?, group?)`: " in words
    assert "MCP server" not in words
    assert "{" + "address}" not in words


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_for_agents_runs(url: str) -> None:
    (code,) = re.findall(r"```sh\n(.*?)```", HTTP.get(f"{url}/agents.md").text, re.DOTALL)
    done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=True)
    event, data = done.stdout.strip().splitlines()[-2:]
    assert event == "event: complete"
    assert json.loads(data.removeprefix("data: "))[0]["label"] in LABELS


def test_addresses_are_those_that_visitors_have(url: str) -> None:
    behind = {"x-forwarded-host": "example.org", "x-forwarded-proto": "https"}
    told = HTTP.get(f"{url}/openapi.json", headers=behind).json()
    assert told["servers"] == [{"url": "https://example.org"}]
    assert (
        "GET https://example.org/gradio_api/" in HTTP.get(f"{url}/agents.md", headers=behind).text
    )


@pytest.mark.parametrize(
    "path",
    [
        "/examples/nobody.mp3",
        "/examples/../sad.mp3",
        "/examples/sad.mp3/",
        "/examples/sad",
        "examples/sad.mp3",
        "/examples//examples/sad.mp3",
        "/examples/%73ad.mp3",
    ],
)
def test_only_an_examples_own_name_is_one(url: str, uploads: Path, path: str) -> None:
    before = left_in(uploads)
    body = {"audio": file_data(path)}
    begun = HTTP.post(f"{url}/gradio_api/call/v2/predict", json=body).json()
    event, answer = wait_for_answer(f"{url}/gradio_api/call/predict/{begun['event_id']}")
    assert (event, text.NOT_AN_UPLOAD in answer["error"]) == ("error", True)
    assert left_in(uploads) == before


def test_an_example_is_served_and_a_call_leaves_no_copy_of_it(url: str, uploads: Path) -> None:
    served = HTTP.get(f"{url}/examples/sad.mp3")
    assert served.content == (examples.FOLDER / "sad.mp3").read_bytes()
    assert served.headers["content-type"] == "audio/mpeg"
    assert HTTP.get(f"{url}/examples/nobody.mp3").status_code == 404
    assert not [path for path in left_in(uploads) if path.suffix == ".mp3"]
