"""compose.yaml brought up without a Docker daemon: its app from the Dockerfile's steps, its nginx.

Both run in namespaces of their own, so with the ports, names and paths that the files say.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.clean_root import Image, Isolated, build_image

ROOT = Path(__file__).parents[2]
NGINX = "/usr/sbin/nginx"
VARIABLE = r"\$\{(\w+):-([^}]*)\}"
# The image's own file but for where it logs, and that Debian's has other users.
MAIN = """
worker_processes 1;
error_log stderr warn;
pid /tmp/nginx.pid;
daemon off;
events {}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /etc/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
}
"""


def read_compose(**variables: str) -> dict[str, Any]:
    """Read compose.yaml as Compose does, with what the environment says of its variables."""

    def value(found: re.Match[str]) -> str:
        return variables.get(found[1]) or found[2]

    def filled(content: Any) -> Any:
        if isinstance(content, dict):
            return {name: filled(one) for name, one in content.items()}
        if isinstance(content, list):
            return [filled(one) for one in content]
        return re.sub(VARIABLE, value, content) if isinstance(content, str) else content

    services: dict[str, Any] = filled(yaml.safe_load((ROOT / "compose.yaml").read_bytes()))
    return services["services"]


@dataclass
class Site:
    """What is up: the app's process, and where it and nginx run."""

    inside: Isolated
    image: Image
    app: subprocess.Popen
    log: Path
    accesses: Path

    def check_health(self) -> bool:
        """Run the image's HEALTHCHECK once."""
        return self.image.run(self.image.healthcheck).returncode == 0

    def stop_app(self) -> int:
        """Stop the app as `docker stop` does; returns its exit status."""
        children = Path(f"/proc/{self.app.pid}/task/{self.app.pid}/children").read_text()
        subprocess.run(["kill", "-TERM", *children.split()], check=True)
        return self.app.wait(timeout=60)


@contextmanager
def composed(inside: Isolated, folder: Path, certificates: Path) -> Iterator[Site]:
    """Bring compose.yaml up.

    Args:
        inside: namespaces, which end what runs.
        folder: for the image's root, and nginx' files.
        certificates: what deploy/certificates holds.

    Raises:
        AssertionError: a step or nginx' own test fails, or the app does not come up.
    """
    services = read_compose()
    app, nginx = services["app"], services["nginx"]
    image = build_image(inside, ROOT, folder / "image", app["build"]["args"])
    inside.mount(image.root / "etc" / "hosts", Path("/etc/hosts"))
    prepare_nginx(inside, folder / "nginx", nginx["volumes"], certificates)
    if app["read_only"]:
        for place in (image.root, image.place("/usr/local")):
            inside.mount(place, place, "ro")
    for place in app["tmpfs"]:
        inside.run("mount", "-t", "tmpfs", "-o", "noexec,nosuid,nodev", "tmpfs", image.place(place))
    log = folder / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            image.command(image.entry, **app["environment"]), stdout=output, stderr=output
        )
    site = Site(inside, image, process, log, folder / "nginx" / "access.log")
    for _ in range(1_200):
        if site.check_health():
            break
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)
    else:
        raise AssertionError(f"The app is not healthy: {log.read_text()}")
    server = subprocess.Popen(inside.command([NGINX]))
    try:
        yield site
    finally:
        server.terminate()
        process.terminate()
        server.wait()
        process.wait()


def prepare_nginx(inside: Isolated, folder: Path, volumes: list[str], certificates: Path) -> None:
    """Make /etc/nginx, inside, what the service's volumes make it, and test it.

    Raises:
        AssertionError: nginx refuses or warns.
    """
    folder.mkdir()
    (folder / "nginx.conf").write_text(MAIN)
    shutil.copy("/etc/nginx/mime.types", folder)
    for volume in volumes:
        source, target, mode = volume.split(":")
        assert mode == "ro"
        place = folder / Path(target).relative_to("/etc/nginx")
        place.parent.mkdir(exist_ok=True)
        if Path(source) == Path("deploy/certificates"):
            shutil.copytree(certificates, place)
        else:
            shutil.copy(ROOT / source, place)
    inside.mount(folder, Path("/etc/nginx"))
    said = inside.run(NGINX, "-t").stderr
    assert "[warn]" not in said, said
