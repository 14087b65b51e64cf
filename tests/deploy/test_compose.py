"""Dockerfile, compose.yaml and deploy/nginx.conf: built, brought up, and called over HTTPS.

By the same steps in a clean root; and by a Docker daemon, where there is one.
"""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from textwrap import indent

import httpx
import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer
from tests.support.app import PATIENCE, SPEECH, running_app
from tests.support.browser import require_browser
from tests.support.clean_root import Isolated, isolated
from tests.support.compose import ROOT, Site, composed, read_compose
from tests.support.ports import free_port

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
ADDRESS = "https://localhost/emotion/"
CALLS = 600
PROGRAMS = {"nginx": "nginx-light", "ip": "iproute2", "openssl": "openssl"}
"""What is needed, and Debian's packages of it."""
VARIABLES = ("SITE", "MODEL_ID", "MODEL_REVISION")
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
FLOOD = """
import collections, json, re, socket, ssl, sys

calls, path = int(sys.argv[1]), sys.argv[2]
call = f"POST {path} HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 0\\r\\n\\r\\n"
trusting = ssl._create_unverified_context()
plain = socket.create_connection(("127.0.0.1", 443))
with trusting.wrap_socket(plain, server_hostname="localhost") as connection:
    connection.sendall(call.encode() * calls)
    got = b""
    while got.count(b"HTTP/1.1 ") < calls and (part := connection.recv(65_536)):
        got += part
print(json.dumps(collections.Counter(re.findall(r"HTTP/1.1 (\\d+)", got.decode()))))
"""
"""Sends calls in one go over one connection, and prints how often each status was the answer."""
ASKED = """
import http.client, sys

connection = http.client.HTTPConnection("127.0.0.1")
connection.request("GET", sys.argv[1], headers={"Host": "example.com"})
answer = connection.getresponse()
print(answer.status, answer.headers["Location"])
"""
"""Asks port 80 for a page, and prints the status and where it is sent."""

pytestmark = pytest.mark.slow


def commands(first: str) -> str:
    """The commands of the page's block that begins so."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    (block,) = (block for block in blocks if block.startswith(first))
    return block


def require_programs(*names: str) -> None:
    """A machine without them skips; where CI may install them, it fails."""
    lacking = [PROGRAMS[name] for name in names if shutil.which(name, path=PLACES) is None]
    if lacking and os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(f"There is no {' and no '.join(lacking)}.")
    if lacking:
        pytest.skip(f"To be installed first: apt-get install {' '.join(lacking)}")


@contextmanager
def namespaces() -> Iterator[Isolated]:
    """What is needed to do without a daemon.

    Where the system grants nobody namespaces, which no installation mends, the test is skipped, in
    CI too.
    """
    require_programs("nginx", "ip")
    with ExitStack() as held:
        try:
            inside = held.enter_context(isolated())
        except OSError as error:
            pytest.skip(f"No namespaces can be made here: {error}")
        yield inside


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page's command makes."""
    require_programs("openssl")
    folder = tmp_path_factory.mktemp("certificates")
    command, _, rest = commands("mkdir").partition("\ndocker ")
    assert rest == "compose up --build --detach\n"
    subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True)
    return folder / "deploy" / "certificates"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[Site]:
    """The app behind nginx, by the steps of the files, without a daemon."""
    if Path(sys.base_prefix).is_relative_to("/usr/local"):
        pytest.skip("Python is in /usr/local, where the image has its own")
    with namespaces() as inside:
        folder = tmp_path_factory.mktemp("compose")
        try:
            with composed(inside, folder, certificates) as site:
                yield site
        finally:
            shutil.rmtree(folder)


def client(certificates: Path) -> list[str | Path]:
    """The command of a client that asks the site for all it has."""
    program = ["env", "-C", ROOT, sys.executable, "-m", "tests.support.site_client"]
    return [*program, ADDRESS, certificates / "server.crt", SPEECH]


@pytest.fixture(scope="module")
def answers(site: Site, certificates: Path) -> dict:
    """What it got."""
    return json.loads(site.inside.run(*client(certificates)).stdout)


def assert_served(answers: dict) -> None:
    """The page, its parts, the API, uploads and streams: all came through."""
    assert answers["health"]["status"] == "ok"
    assert answers["root"] == ADDRESS.rstrip("/")
    expected = EmotionRecognizer(DEFAULT_MODEL).predict(SPEECH)
    assert answers["prediction"]["label"] == expected.label
    assert answers["redirects"] == [f"{ADDRESS}?tab=live", "/emotion/", "/emotion/?lang=de"]
    assert len(answers["parts"]) > 5
    assert all(place.startswith(ADDRESS) for place in answers["parts"])
    assert set(answers["parts"].values()) == {200}, answers["parts"]
    assert "ALIVE" in answers["streamed"]  # though the stream goes on
    # The second is refused by the app, in its words, and the third by nginx.
    kinds = [(200, "application/json"), (413, "application/json"), (413, "text/html")]
    assert list(map(tuple, answers["uploads"])) == kinds


def test_the_images_steps_behind_nginx_serve_all(site: Site, answers: dict) -> None:
    assert site.check_health()
    assert_served(answers)


def test_no_log_names_a_visitors_file(site: Site, answers: dict) -> None:
    asked = site.accesses.read_text(encoding="utf-8").splitlines()
    assert [line.split('"')[1] for line in asked] == ["GET /emotion/?tab=live HTTP/1.1"]
    assert SPEECH.name not in site.log.read_text(encoding="utf-8")


def test_it_runs_as_the_images_user_and_writes_no_file_of_it(site: Site) -> None:
    assert site.image.run(["id", "-un"]).stdout == "app\n"
    assert site.image.run(["touch", "/home/app/a"]).returncode != 0
    assert site.image.run(["touch", "/tmp/a"]).returncode == 0


def test_live_speech_is_followed_through_it(site: Site, tmp_path: Path) -> None:
    require_browser()
    sound = tmp_path / "speech.wav"
    shutil.copy(SPEECH, sound)
    visitor = ["env", "-C", ROOT, sys.executable, "-m", "tests.support.site_visitor"]
    told = json.loads(site.inside.run(*visitor, ADDRESS, sound).stdout)
    assert told["state"] in ("emotion", "uncertain", "no_speech")
    assert told["faults"] == []


def test_it_ends_as_docker_stop_wants_and_strangers_are_limited(site: Site) -> None:
    assert site.stop_app() == 0
    # The app is gone, so that nginx answers at once, far more than 20 a second.
    flood = [sys.executable, "-c", FLOOD, str(CALLS), "/emotion/gradio_api/call/predict"]
    counted = json.loads(site.inside.run(*flood).stdout)
    assert set(counted) == {"429", "502"}
    assert counted["502"] >= 100
    assert counted["429"] >= 100  # unless they take 20 s


def test_nginx_of_this_machine_takes_it_too(certificates: Path, tmp_path: Path) -> None:
    """As Debian sets nginx up, with the site that it comes with at port 80."""
    with namespaces() as inside:
        for place in filter(os.path.isdir, ("/run", "/var/log/nginx", "/var/lib/nginx")):
            inside.run("mount", "-t", "tmpfs", "tmpfs", place)
        shutil.copytree("/etc/nginx", tmp_path / "nginx", symlinks=True)
        inside.mount(tmp_path / "nginx", Path("/etc/nginx"))
        place = tmp_path / "deploy"
        place.mkdir()
        shutil.copy(ROOT / "deploy" / "nginx.conf", place)
        shutil.copytree(certificates, place / "certificates")
        block = commands("sed")
        assert block.endswith(" && nginx -s reload\n")
        block = block.replace("nginx -s reload", "nginx")  # which does not run here yet
        said = inside.run("env", "-C", tmp_path, "sh", "-ec", block).stderr
        assert "test is successful" in said
        assert "[warn]" not in said
        sent = inside.run(sys.executable, "-c", ASKED, "/emotion/?lang=de").stdout
        assert sent == "308 https://example.com/emotion/?lang=de\n"
        written = (tmp_path / "nginx" / "conf.d" / "emotion.conf").read_text(encoding="utf-8")
        assert "server 127.0.0.1:7860;" in written


def log_in(port: int, address: str, told: str) -> int:
    """Try a wrong password from an address of this machine that says it is another one."""
    visitor = http.client.HTTPSConnection(
        "127.0.0.1",
        port,
        timeout=PATIENCE,
        source_address=(address, 0),
        context=ssl._create_unverified_context(),
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": told}
    visitor.request("POST", "/emotion/login", "username=ann&password=guess", headers)
    return visitor.getresponse().status


@contextmanager
def proxied(app: int, folder: Path, certificates: Path) -> Iterator[int]:
    """Run nginx with our file before an app's port; gives its own.

    As in compose.yaml, it reaches the app from another address than the app's own.
    """
    port, plain = free_port(), free_port()
    held = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in (
        ("app:7860", f"127.0.0.1:{app}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/nginx/certificates", str(certificates)),
        ("proxy_http_version 1.1;", "proxy_http_version 1.1; proxy_bind 127.0.0.9;"),
    ):
        assert ours in held
        held = held.replace(ours, theirs)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    main = folder / "nginx.conf"
    main.write_text(f"daemon off; pid {folder}/pid; events {{}} http {{ {places} {held} }}")
    server = subprocess.Popen(["nginx", "-e", "stderr", "-c", main], env={"PATH": PLACES})
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def test_guesses_count_by_who_makes_them_whatever_they_say(
    certificates: Path, tmp_path: Path
) -> None:
    require_programs("nginx")
    environment = read_compose()["app"]["environment"]
    with running_app(**environment, SER_AUTH="ann:hush") as (url, log):
        app = int(httpx.URL(url).port or 0)
        with proxied(app, tmp_path, certificates) as port:
            for address, told in (("127.0.0.2", "::1"), ("127.0.0.2", "::2"), ("127.0.0.3", "::2")):
                assert log_in(port, address, told) == httpx.codes.BAD_REQUEST
    failed = [line.partition("A login from ")[2] for line in log if "A login from " in line]
    assert failed == [
        "127.0.0.2 failed, number 1 of late.",
        "127.0.0.2 failed, number 2 of late.",
        "127.0.0.3 failed, number 1 of late.",
    ]


def wait_for(port: int) -> None:
    """Wait until somebody listens there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail(f"nobody listens at {port}")


def test_nobody_but_nginx_reaches_the_app() -> None:
    """It believes whoever reaches it who a visitor is."""
    app = read_compose()["app"]
    assert app["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    assert not {"ports", "network_mode", "networks"} & set(app)


def test_the_page_shows_what_the_file_holds() -> None:
    (block,) = re.findall(r"^```nginx\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    held = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for shown in block.strip().split("\n\n"):
        assert indent(shown, "    ").removesuffix("}").rstrip() in held


def test_nginx_of_any_version_takes_what_it_listens_on() -> None:
    """`listen ... http2` warns from 1.25.1 on, and `http2 on;` is unknown before."""
    held = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    code = re.sub("#.*", "", held)
    assert re.findall(r"listen\s+([^;]*);", code) == ["80", "443 ssl"]
    assert "http2" not in code


def test_the_environment_says_where_it_is() -> None:
    for site, root in (("", "https://localhost"), ("https://example.com", "https://example.com")):
        services = read_compose(SITE=site)
        assert services["app"]["environment"]["GRADIO_ROOT_PATH"] == f"{root}/emotion"


def test_nginx_starts_again_with_the_app() -> None:
    """It looks the app's address up once, and a new container may have another one."""
    assert read_compose()["nginx"]["depends_on"]["app"]["restart"] is True


def compose_command() -> list[str]:
    """`docker compose`, or a test that is skipped."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True).returncode:
        pytest.skip("no Docker daemon answers")
    if subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker has no compose")
    for port in (80, 443):
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"port {port} is taken")
    return [docker, "compose"]


def test_a_daemon_builds_and_runs_it(certificates: Path, tmp_path: Path) -> None:
    """Under a name, with certificates of its own: a site of this machine stays as it is."""
    compose = compose_command()
    ours = tmp_path / "ours.yaml"

    def write(**app: object) -> None:
        volumes = [f"{certificates}:/etc/nginx/certificates:ro"]
        ours.write_text(json.dumps({"services": {"nginx": {"volumes": volumes}, "app": app}}))

    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    compose += ["--project-name", f"ser-test-{os.getpid()}", "--project-directory", str(ROOT)]
    compose += ["--env-file", os.devnull, "--file", str(ROOT / "compose.yaml"), "--file", str(ours)]
    try:
        for labels in ({}, {"again": "1"}):  # the second makes a new container of the app
            write(labels=labels)
            up = [*compose, "up", "--build", "--detach", "--wait"]
            subprocess.run(up, check=True, env=environment)
            told = subprocess.run(
                client(certificates), check=True, stdout=subprocess.PIPE, text=True
            )
            assert_served(json.loads(told.stdout))
    finally:
        down = [*compose, "down", "--rmi", "local"]
        subprocess.run(down, check=True, env=environment)
