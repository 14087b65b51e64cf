"""The pages: their snippets run, and every command, option, file and setting they name is there."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

import ser_core
from ser_core import DEFAULT_MODEL, EmotionRecognizer, FeatureConfig
from ser_core.model.files import REPOSITORY_FILES
from ser_core.timeline.exports import FORMATS
from ser_core.ui.settings import Settings
from ser_core.ui.shell.program import app as ser_app
from tests.support.app import serving
from tests.support.shell import run_ser
from train.__main__ import app as train_app
from train.corpora import CORPORA
from train.data import protocols
from train.recipe import RECIPES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"))
    if path.name not in ("CHANGELOG.md", "model_card.md")  # history; rendered and tested elsewhere
}
MAP = PAGES["docs/architecture.md"]
SHELL = "docs/command_line.md"
VOICE = "speech_female.wav"
SERVED = "docs/app.md"  # its snippets call a running app
OWN_TESTS = (
    "docs/phone.md",
    "docs/other_languages.md",
)  # have tests that run them, and look at more
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
AT_THE_TOP = r"requirements[\w-]*\.txt|(?:CONTRIBUTING|SECURITY|CHANGELOG|model_card)\.md|\w+\.cff"
ROOMS = ("ser_core", "train", "deploy", "docs", "tests", "benchmarks", ".github")


def blocks(page: str, language: str) -> list[str]:
    return [code for name, code in FENCE.findall(PAGES[page]) if name == language]


def commands() -> Iterator[tuple[str, str]]:
    """Every command line of the pages, from blocks and from sentences: (page, line)."""
    for page, text in PAGES.items():
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                yield page, re.sub(r"\s+#.*", "", line)
        for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
            yield page, code


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose head begins with `first`, as cells without backticks."""
    body = re.search(rf"^\| {first} .*\n\|[-:| ]+\n((?:\|.*\n)+)", PAGES[page], flags=re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("| \n").split(" | ")] for line in body[1].splitlines()
    ]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def options_in(line: str) -> set[str]:
    return {word for word in line.split() if word.startswith("--")}


def options_of(line: str, app: typer.Typer = train_app) -> set[str]:
    """The options of the command of a program that a line begins with."""
    command, words = typer.main.get_command(app), line.split()
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "python") and page not in (SERVED, *OWN_TESTS)]
)
def test_python_snippets_run(
    page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)  # where the snippets may leave files
    exec(compile("\n".join(blocks(page, "python")), page, "exec"), {})
    printed = capsys.readouterr().out
    if page in ("README.md", "docs/python.md"):
        assert "s of speech in" in printed
        assert "windows, 95 % interval" in printed
        assert (tmp_path / "emotions.vtt").read_text().startswith("WEBVTT\n\n00:00:")
    if page == "docs/python.md":
        assert "probabilities" in printed
        assert "\n1.5 no speech" in printed
        assert "adapted to 2 of a voice's recordings" in printed
    if page == "docs/reference/errors.md":
        assert printed.startswith("AudioFormatError ")


def test_snippets_with_code_are_all_found() -> None:
    with_code = {page for page in PAGES if "```python" in PAGES[page]}
    assert with_code >= {"README.md", "docs/python.md", SERVED, *OWN_TESTS}
    assert with_code == {page for page in PAGES if blocks(page, "python")}


@pytest.fixture(scope="module")
def address(uploads: Path, recognizer: EmotionRecognizer) -> Iterator[str]:
    with serving(recognizer) as demo:
        yield demo.local_url.rstrip("/")


def test_snippets_call_a_running_app(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = blocks(SERVED, "python")
    assert "http://127.0.0.1:7860" in code
    exec(compile(code.replace("http://127.0.0.1:7860", address), SERVED, "exec"), {})
    assert "'label': 'neutral'" in capsys.readouterr().out
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (script,) = (block for block in blocks(SERVED, "sh") if "curl" in block)
    assert "http://127.0.0.1:7860" in script
    printed = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:7860", address)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    (answer,) = json.loads(re.search(r"event: complete\ndata: (.+)", printed)[1])
    assert answer["label"] == "neutral"


def test_commands_of_the_training_system_are_there() -> None:
    seen = set()
    for page, line in commands():
        for tail in re.findall(r"python -m train ([^&|;]+)", line):
            seen.add(tail.split()[0])
            assert options_in(tail) <= options_of(tail), (page, line)
    assert seen >= {"fit", "publish-space", "metrics", "adaptation", "audit", "corpus"}


def test_commands_of_ser_are_there_and_run(
    recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load = EmotionRecognizer.from_pretrained
    monkeypatch.setattr(
        EmotionRecognizer,
        "from_pretrained",
        lambda model, **options: recognizer if model == DEFAULT_MODEL else load(model, **options),
    )
    (tmp_path / "calls").mkdir()
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for name in ("clip.wav", "talk.mp3", "calls/one.wav"):
        ending = name.rpartition(".")[2]
        source = ROOT / "tests" / "fixtures" / ("speech.mp3" if ending == "mp3" else VOICE)
        shutil.copy(source, tmp_path / name)
    spoken = [ROOT / f"ser_core/ui/clips/{name}.mp3" for name in ("afraid", "angry", "happy")]
    voices = [*(ROOT / "tests/fixtures").glob("*.wav"), *spoken]
    for number, voice in enumerate(sorted(voices)):
        folder = tmp_path / "voices" / ("tired", "awake")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(voice, folder)
    monkeypatch.chdir(tmp_path)
    told = {name.split()[1] for row in table(SHELL, "command") for name in names(row[0])}
    assert told == set(typer.main.get_command(ser_app).commands)
    ran = 0
    for page, line in commands():
        program, *words = line.split() or [""]
        if program != "ser" or len(words) < 2 or words[0].startswith("-") or words[0].isupper():
            continue
        if words[0] != "batch":  # whose options another parser knows
            assert options_in(line) <= {*options_of(line[4:], ser_app), "--help"}, (page, line)
        is_example = line in "".join(blocks(page, "sh"))
        if is_example and not {"|", "<", "&&"} & set(words) and "serve" not in words:
            done = run_ser(*shlex.split(" ".join(words)))
            assert done.status == 0, (page, line, done.err)
            ran += 1
    assert ran >= 6


def test_the_table_of_commands_is_whole() -> None:
    rows = table("docs/train.md", "command")
    told = {name.split()[0] for row in rows for name in names(row[0])}
    assert told == set(typer.main.get_command(train_app).commands)
    for row in rows:
        for line in names(row[0]):
            assert options_in(" ".join([line, *names(row[1])])) <= options_of(line), line


def test_other_commands_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    seen = set()
    for page, line in commands():
        for module, tail in re.findall(
            r"python -m ((?:benchmarks|docs|ser_core|train)\.[\w.]+)([^&|;]*)", line
        ):
            path = ROOT / module.replace(".", "/")
            file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
            assert file.is_file(), (page, line)
            for option in re.findall(r"--[\w-]+", tail):
                name = option.removeprefix("--")
                source = file.read_text(encoding="utf-8")
                assert option in source or name.replace("-", "_") in source, (page, line)
            seen.add(module)
        for targets in re.findall(r"(?:^|\s)make ((?:[a-z][a-z-]* ?)+)", line):
            for target in targets.split():
                assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), (page, line)
                seen.add(target)
    assert seen >= {"benchmarks.latency", "ser_core.batch", "docs.examples", "app", "test", "docs"}


def test_files_that_are_named_are_there() -> None:
    seen = set()
    for page, text in PAGES.items():
        for code in re.findall(r"`([^`\s]+)`", FENCE.sub("", text)):
            if re.search(r"[A-Z*]{4}.*/|/.*[A-Z*]{4}|\.\.\.", code):
                continue  # a pattern, or a name to fill in
            if (code.split("/")[0] in ROOMS and "/" in code) or re.fullmatch(AT_THE_TOP, code):
                assert (ROOT / code).exists(), (page, code)
                seen.add(code)
    assert seen >= {"ser_core/audio/", "train/recipes/tiny.toml", "requirements-cluster.txt"}


def test_the_map_of_the_code_is_whole() -> None:
    (tree,) = (code for code in re.findall(r"^```\n(.*?)^```", MAP, re.MULTILINE | re.DOTALL))
    places: list[str] = []  # where the last line of each depth stands
    told = set()
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        listed = [
            name for name in line.split("  ") if re.fullmatch(r"[\w.]+/|\w+\.(?:py|md)", name)
        ]
        assert listed, line
        told |= {"".join(places[:depth]) + name for name in listed}
        places[depth:] = listed[-1:]
    for name in told:
        assert (ROOT / name).exists(), name
    for package in ("ser_core", "train"):
        inside = {path for path in (ROOT / package).iterdir() if path.suffix in ("", ".py")}
        rooms = {f"{package}/{path.name}{'/' if path.is_dir() else ''}" for path in inside}
        assert rooms - {f"{package}/__pycache__/", f"{package}/__init__.py"} <= told


@pytest.mark.parametrize("page", PAGES)
def test_links_to_files_lead_somewhere(page: str) -> None:
    text = FENCE.sub("", PAGES[page])
    for target in re.findall(r"(?:\]\(|src=\")([^)\"#:\s]+)[^)\":]*[)\"]", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_no_page_is_left_out() -> None:
    menu = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        assert f'"{page.relative_to(DOCS).as_posix()}"' in menu, page


def test_every_public_name_is_in_the_reference() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    told = set(re.findall(r"^::: ser_core\.(?:\w+\.)*(\w+)$", text, flags=re.MULTILINE))
    errors = {name for name in vars(ser_core.errors) if name.endswith("Error")}
    assert set(ser_core.__all__) <= told | errors
    assert "errors" in told


def test_every_setting_is_described_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in table(SERVED, "variable")}
    fields = {field.alias: field for field in Settings.model_fields.values()}
    assert list(told) == list(fields)
    words = {False: "off", None: "none", "": "none", (): "open to all"}
    words[DEFAULT_MODEL] = "the embedded model"
    for name, field in fields.items():
        default = field.default
        expected = words.get(default) or (f"{default:g}" if isinstance(default, float) else default)
        if name == "SER_MODEL_REVISION":
            expected = "its main branch"
        assert told[name] == str(expected), name


def test_every_file_of_a_model_repository_is_described() -> None:
    told = [name for row in table("docs/model_repository.md", "file") for name in names(row[0])]
    assert sorted(told) == sorted(REPOSITORY_FILES)


def test_every_key_of_the_feature_config_is_described() -> None:
    told = [name for row in table("docs/model_repository.md", "key") for name in names(row[0])]
    assert told == list(FeatureConfig.model_fields)


def test_recipes_protocols_and_corpora_are_all_named() -> None:
    text = PAGES["docs/train.md"]
    recipes = re.search(r"Recipes, in `train/recipes`: (.+?)\. ", text, flags=re.DOTALL)[1]
    assert sorted(names(recipes)) == sorted(path.stem for path in RECIPES.glob("*.toml"))
    corpora = re.search(r"\nCorpora: (.+?)\.\n", text, flags=re.DOTALL)[1]
    assert sorted(names(corpora)) == sorted(CORPORA)
    told = [names(row[0])[0] for row in table("docs/evaluation.md", "`--protocol`")]
    assert told == list(protocols.PROTOCOLS)


def test_folds_are_the_ones_that_are_trained() -> None:
    text = re.search(r"Test actors:\n(.+?)\.\n", PAGES["docs/evaluation.md"], flags=re.DOTALL)[1]
    folds = [re.findall(r"\d+", fold) for fold in text.replace("and", "").split(",")]
    folds = [tuple(f"{int(actor):02d}" for actor in fold) for fold in folds if fold]
    assert folds == list(protocols.RAVDESS_FOLDS)


def test_workflows_call_the_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = set()
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        for job in jobs.values():
            matrix = job.get("strategy", {}).get("matrix", {}).get("include", [])
            for step in job["steps"]:
                run = step.get("run", "")
                for target in re.findall(r"^make ([a-z-]+)", run, flags=re.MULTILINE):
                    called.add(target)
                if "make ${{ matrix.target }}" in run:
                    called |= {row["target"] for row in matrix}
    assert called == {"quality", "test", "test-all", "docs", "dist", "space", "web"}
    for target in called:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_table_of_formats_is_that_of_the_code() -> None:
    shown = PAGES["docs/python.md"].split("<!-- formats -->\n")[1].split("<!-- /formats -->")[0]
    assert shown.splitlines()[2:] == [
        f"| `{form.name}` | `{form.ending}` | {form.programs} |" for form in FORMATS
    ]
