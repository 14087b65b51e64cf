"""What a Docker daemon does, without one: a root and a network of its own, an image's steps.

The root has the system's programs and Python, read-only, and none of its files; nobody but these
tests is in the network. pip's step links to what is installed here (tests/support/environments.py),
which is the only one that is not done as it stands.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from tests.support.dockerfile import Step, read_steps, sent_files
from tests.support.environments import INSTALLED, fill_environment

PIP = ["pip", "install", "--no-cache-dir", "-r"]
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "group": "root:x:0:\nshadow:x:42:\n",
    "shadow": "root:*:20000:0:99999:7:::\n",
    "gshadow": "root:*::\n",
    "hosts": "127.0.0.1 localhost app\n",  # app: as Compose calls it
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
SHARED = ("login.defs", "default", "pam.d", "security", "ld.so.cache", "ssl", "mime.types")


@dataclass
class Isolated:
    """A file system, a network and process numbers of one's own, for as long as its holder runs."""

    holder: int

    def command(self, command: Sequence[str | Path]) -> list[str]:
        """The command that runs another one inside."""
        return ["nsenter", "-t", str(self.holder), "-m", "-n", "-p", *map(str, command)]

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command inside, to its end, which has to be a good one."""
        done = subprocess.run(self.command(command), capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def mount(self, source: Path, target: Path, *options: str) -> None:
        """Show a file or folder at another place, inside; "ro" makes it read-only there."""
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        self.run("mount", "--rbind", source, target)
        if options:
            self.run("mount", "-o", ",".join(("remount", "bind", *options)), target)


@contextmanager
def isolated() -> Iterator[Isolated]:
    """Hold namespaces of our own; all that runs inside ends with them.

    Raises:
        OSError: this user, or this system, may not; or a program is lacking.
    """
    own = ["--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child"]
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", *own, "sleep", "infinity"]
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise OSError(f"there is no {error.filename}") from error
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (found := children.read_text().split()):
            if process.poll() is not None:
                raise OSError(process.stderr.read().strip())
            time.sleep(0.01)
        # Until it runs sleep, unshare may not yet have parted its mounts from the system's.
        named = Path(f"/proc/{found[0]}/comm")
        while named.read_text() != "sleep\n":
            if process.poll() is not None:
                raise OSError(process.stderr.read().strip())
            time.sleep(0.01)
        inside = Isolated(int(found[0]))
        started = inside.command(["ip", "link", "set", "lo", "up"])
        done = subprocess.run(started, capture_output=True, text=True)
        if done.returncode:
            raise OSError(done.stderr.strip())
        yield inside
    finally:
        process.kill()
        process.communicate()


@dataclass
class Image:
    """What the steps of a Dockerfile made: a root, and how its program is run there."""

    inside: Isolated
    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    entry: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def command(self, command: Sequence[str], **environment: str) -> list[str]:
        """The command that runs another one in the image, as its user."""
        variables = self.environment | environment
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        given = [f"{name}={value}" for name, value in {"HOME": home, **variables}.items()]
        program = ["env", "-i", "-C", self.folder, *given, *command]
        return self.inside.command(["chroot", f"--userspec={self.user}", self.root, *program])

    def run(self, command: Sequence[str], **environment: str) -> subprocess.CompletedProcess:
        """Run a command in the image, to its end."""
        command = self.command(command, **environment)
        return subprocess.run(command, capture_output=True, text=True)

    def place(self, name: str) -> Path:
        """Where a path of the image, or of its working directory, is outside."""
        return self.root / str(Path(self.folder) / name).lstrip("/")


def build_image(
    inside: Isolated, context: Path, root: Path, arguments: Mapping[str, str] | None = None
) -> Image:
    """Do what `docker build` does with a context's Dockerfile.

    Args:
        inside: namespaces that the root's mounts are in.
        context: folder of the Dockerfile.
        root: folder that becomes the image's root.
        arguments: as of --build-arg.

    Raises:
        AssertionError: a step fails, or is of a kind that nothing here does.
    """
    _prepare(inside, root)
    image = Image(inside, root)
    for step in read_steps(context / "Dockerfile"):
        _do(step, image, context, arguments or {})
    return image


def _prepare(inside: Isolated, root: Path) -> None:
    for name in ("etc", "home", "root", "run", "var", "dev", "proc", "tmp"):
        (root / name).mkdir(parents=True)
    root.chmod(0o755)  # or nobody but root could enter
    (root / "tmp").chmod(0o1777)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name, text in ACCOUNTS.items():
        (root / "etc" / name).write_text(text)
    for name in SHARED:
        source, target = Path("/etc", name), root / "etc" / name
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=lambda at, _: ["private"])
        elif source.is_file():
            shutil.copy(source, target)
    inside.mount(Path("/usr"), root / "usr", "ro")
    local = root.parent / f"{root.name}-local"
    local.mkdir()
    inside.mount(local, root / "usr" / "local")
    inside.mount(Path("/dev"), root / "dev")
    inside.run("mount", "-t", "proc", "proc", root / "proc")
    for place in (Path(sys.base_prefix), INSTALLED):
        if not place.is_relative_to("/usr"):
            inside.mount(place, root / str(place).lstrip("/"), "ro")


def _do(step: Step, image: Image, context: Path, given: Mapping[str, str]) -> None:
    def filled(text: str) -> str:
        return Template(text).substitute(image.arguments | image.environment)

    if step.name == "FROM":
        assert step.rest.startswith("python:3."), "This root has Python alone"
    elif step.name == "ARG":
        name, _, default = step.rest.partition("=")
        image.arguments[name] = given.get(name, default.strip('"'))
    elif step.name == "ENV":
        pairs = [word.partition("=") for word in step.words]
        image.environment |= {name: filled(value) for name, _, value in pairs}
    elif step.name == "WORKDIR":
        image.folder = step.rest
        image.place(".").mkdir(parents=True, exist_ok=True)
    elif step.name == "USER":
        image.user = step.rest
    elif step.name == "COPY":
        *sources, target = step.words
        _copy(sources, image.place(target), target.endswith("/"), context)
    elif step.name == "RUN" and step.words[: len(PIP)] == PIP:
        lines = image.place(step.words[len(PIP)]).read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if line and not line.startswith("#")]
        fill_environment(lines, image.root.parent / f"{image.root.name}-local")
    elif step.name == "RUN":
        shell = ["/bin/sh", "-c", step.rest]
        done = image.run(shell, **image.arguments)
        assert done.returncode == 0, f"{step.rest}: {done.stdout}{done.stderr}"
    elif step.name == "HEALTHCHECK":
        assert step.words[0] == "CMD" or step.rest.startswith("CMD ")
        image.healthcheck = step._replace(rest=step.rest.removeprefix("CMD ")).words
    elif step.name == "CMD":
        image.entry = step.words
    else:
        assert step.name == "EXPOSE", f"Nothing here does {step.name}"


def _copy(sources: Sequence[str], target: Path, is_folder: bool, context: Path) -> None:
    sent = list(sent_files(context))
    for source in sources:
        found = [path for path in sent if path == Path(source) or Path(source) in path.parents]
        assert found, f".dockerignore keeps {source} out of the build"
        for path in found:
            if path == Path(source):
                place = target / path.name if is_folder else target
            else:
                place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(context / path, place)
