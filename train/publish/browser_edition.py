"""The browser edition of the page: put the bundle of web/ together with a model and our look.

python -m train browser-edition --model FOLDER --out web/dist

Nothing of it is a copy that somebody keeps: catalogues, palette, style sheet, signs and icons are
those of `ser_core.ui`, the network is the model's own file for LiteRT, and the facts about it are
those of its `feature_config.json`.
"""

import gzip
import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

import gradio

from ser_core.audio.downmix import CANCELLED, SECTION, WEAKER
from ser_core.config.emotions import NEUTRAL, are_the_eight
from ser_core.config.feature_config import FeatureConfig
from ser_core.config.whole_files import temporary_folder, write_whole_folder
from ser_core.errors import ConfigError, ModelError
from ser_core.model import litert_runtime
from ser_core.model.files import HEAD, LITERT_FORMS, files_in
from ser_core.model.origin import load_model
from ser_core.speech.gate import CONTEXT, MAX_GAP
from ser_core.timeline.cells import LONGEST_CELL
from ser_core.timeline.live import HOP as LIVE_HOP
from ser_core.timeline.smoothing import SHORTEST
from ser_core.timeline.spans import LONGEST
from ser_core.timeline.windows import MARGIN
from ser_core.ui.look import text
from ser_core.ui.look.cards import KINDS, RADIUS
from ser_core.ui.look.glyphs import OTHER, STROKES
from ser_core.ui.look.palette import label_css, variable
from ser_core.ui.look.theme import CSS, THEME
from ser_core.ui.server.manifest import ICONS, THUMBNAIL, manifest
from ser_core.ui.tabs.listener import STEADY
from ser_core.ui.tabs.live_answer import MINUTE
from ser_core.ui.tabs.strip import MOST_TICKS, TICKS
from ser_core.ui.tabs.timeline_answer import NOTEWORTHY
from ser_core.ui.words.languages import ENGLISH, FOLDER, LANGUAGES, speaking

from ..networks.waveform_parts import BEFORE, PARTS, SURVEY_FRAMES, write_parts
from .sent_files import folder_sizes, require_empty

WEB = Path(__file__).parents[2] / "web"
BUNDLE = WEB / "bundle"
"""What node makes of the page's sources: see web/build.mjs."""
RUNTIMES = ("runtime", "compatible")
"""LiteRT's: for browsers with relaxed SIMD, and for the others."""
FORM = "int8"
NETWORK = LITERT_FORMS[FORM]
FONTS = Path(gradio.__file__).parent / "templates" / "frontend" / "static" / "fonts"
FACES = {400: "IBMPlexSans-Regular.woff2", 700: "IBMPlexSans-Bold.woff2"}
EDGE = -(-CONTEXT // 2) * 2
"""Frames at the edges of a window of the survey that are answered without all that decides them."""
LONGEST_RECORDING = 600.0
"""[s] after which the page ends a recording: at 48 kHz it takes 115 MB of the tab's memory."""
SUMMARY = {"mean", "max"}
"""Statistics that the page computes."""
GRADIO_NAMES = (
    "body_background_fill",
    "body_text_color",
    "body_text_color_subdued",
    "block_background_fill",
    "background_fill_secondary",
    "border_color_primary",
    "button_secondary_border_color",
    "button_primary_background_fill",
    "button_primary_text_color",
)
"""Of the theme's values those that the style sheet and the page use."""
SILENT = ("headers.ts", "service_worker.ts")
"""Sources that say nothing, and have names of other things in capital letters."""
_NAME = re.compile(r"'([A-Z][A-Z0-9_]{2,})'")
"""A sentence's name in the page's source."""
_SPARE = re.compile(r"compatible-\w+\.bin")


def write_browser_edition(model: Path, out: Path) -> dict[str, int]:
    """Write the page as files that any server can send.

    Args:
        model: folder of a model repository.
        out: a new or empty folder.

    Returns:
        Path in the folder -> size [bytes].

    Raises:
        ConfigError: the folder is not empty, node has not made the bundle, Keras runs on JAX or
            PyTorch, or the feature config is not the one that the model was saved with.
        ModelError: the page cannot run this model, or it does not answer as when it was saved.
    """
    require_empty(out)
    if not (BUNDLE / "main.js").is_file():
        raise ConfigError(
            f"There is no bundle of the page in {BUNDLE}: make it with `make web`, which takes "
            "node and npm."
        )
    config = FeatureConfig.load(model)
    _require_followed(config, model)
    with write_whole_folder(out) as staging, temporary_folder() as parts:
        write_parts(model, parts)
        files = {name: _pack(parts / PARTS[name], name, staging) for name in PARTS}
        files["network"] = _pack(model / NETWORK, "network", staging)
        for name in RUNTIMES:
            files[name] = _pack(BUNDLE / f"{name}.wasm", name, staging).removesuffix(".bin")
            shutil.copyfile(BUNDLE / f"{name}.js", staging / f"{files[name]}.js")
        for name in ("main", "worker", "capture"):
            shutil.copyfile(BUNDLE / f"{name}.js", staging / f"{name}.js")
        known = {
            "facts": facts(config, model, files),
            "glyphs": {label: STROKES.get(label, OTHER) for label in config.labels},
            "colours": {label: variable(label) for label in config.labels},
            "words": {language: words(language) for language in LANGUAGES},
        }
        _write(staging / "known.json", json.dumps(known, ensure_ascii=False))
        _dress(staging, config)
        _write(staging / "service_worker.js", _service_worker(staging))
    return folder_sizes(out)


def first_visit(sizes: Mapping[str, int]) -> int:
    """Return how much a first visit fetches [bytes]: all but the runtime of the other browsers.

    Args:
        sizes: as `write_browser_edition` gives.
    """
    return sum(size for name, size in sizes.items() if not _SPARE.fullmatch(name))


def _require_followed(config: FeatureConfig, model: Path) -> None:
    """Raise ModelError or ConfigError unless the page can follow recordings with this model."""
    if config.outputs.frames is None or not set(config.outputs.summary) <= SUMMARY:
        raise ModelError(
            f"The browser edition cannot run the model of recipe {config.recipe!r}: expected a "
            "network that gives its encoder's frames and answers summaries of "
            f"{' and '.join(sorted(SUMMARY))}, such as that of the recipe default."
        )
    if HEAD in files_in(model):
        raise ModelError(
            "The browser edition cannot run a taught model, whose answers are not its network's: "
            "give the model that it was taught from."
        )
    if not (model / NETWORK).is_file():
        raise ModelError(
            f"{model} has no {NETWORK}, which the browser edition runs: write it with `python -m "
            "train forms`."
        )
    # This tries it, and compares it with check.json.
    load_model(model, FORM, model.absolute().name)


def words(language: str) -> dict[str, object]:
    """Collect the sentences that the page says, in one language, else in English.

    Args:
        language: one of LANGUAGES.

    Raises:
        KeyError: no catalogue has a sentence that the source names.
    """
    found: dict[str, object] = {}
    for code in (ENGLISH, language):
        for folder in (FOLDER, WEB / "words"):
            if (file := folder / f"{code}.toml").is_file():
                found |= tomllib.loads(file.read_text("utf-8"))
    files = [file for file in (WEB / "src").glob("*.ts") if file.name not in SILENT]
    source = "".join(file.read_text("utf-8") for file in files)
    return {name: found[name] for name in sorted(set(_NAME.findall(source)))}


def facts(config: FeatureConfig, model: Path, files: dict[str, str]) -> dict[str, object]:
    """Say what the page needs to know of a model; see web/src/facts.ts."""
    outputs, conformal, rate = config.outputs, config.conformal, config.frame_rate
    return {
        "labels": list(config.labels),
        "eight": are_the_eight(config.labels),
        "sampleRate": config.sample_rate,
        "step": config.hop_length,
        "window": config.window_frames,
        "hop": round(config.hop * rate),
        "survey": SURVEY_FRAMES,
        "settled": SURVEY_FRAMES - 2 * EDGE,
        "before": BEFORE,
        "signatures": {"whole": litert_runtime.WHOLE, "head": litert_runtime.HEAD},
        "outputs": {
            "emotion": outputs.emotion,
            "intensity": outputs.intensity,
            "distance": outputs.distance,
            "frames": outputs.frames,
        },
        "summary": list(outputs.summary),
        "uncertainBelow": config.uncertain_below,
        "familiarBelow": None if config.domain is None else config.domain.familiar_below,
        "conformal": None
        if conformal is None
        else {"coverage": conformal.coverage, "threshold": conformal.threshold},
        "leastSpeech": config.speech.min_seconds,
        "longestGap": round(MAX_GAP * rate),
        "margin": round(MARGIN * rate),
        "trim": config.trim,
        "longestSpan": round(LONGEST * rate),
        "longestCell": round(LONGEST_CELL * rate),
        "shortestPiece": SHORTEST,
        "neutral": NEUTRAL,
        "ticks": TICKS,
        "mostTicks": MOST_TICKS,
        "ringRadius": RADIUS,
        "kinds": KINDS,
        "downmix": {"section": SECTION, "cancelled": CANCELLED, "weaker": WEAKER},
        "liveHop": LIVE_HOP,
        "liveStrip": MINUTE,
        "steady": STEADY,
        "noteworthy": NOTEWORTHY,
        "longestRecording": LONGEST_RECORDING,
        "files": files,
    }


def style() -> str:
    """Write the theme's colours, the page's own style sheet, and what Gradio would have drawn."""
    sides = []
    for ending in ("", "_dark"):
        values = {name: getattr(THEME, name + ending) for name in GRADIO_NAMES}
        rules = (f"--{name.replace('_', '-')}: {value};" for name, value in values.items())
        sides.append(" ".join(rules))
    faces = "\n".join(
        f"@font-face {{ font-family: 'IBM Plex Sans'; font-weight: {weight}; font-display: swap; "
        f"src: url('{file}') format('woff2'); }}"
        for weight, file in FACES.items()
    )
    own = (WEB / "page.css").read_text("utf-8")
    return f"{faces}\n:root {{ {sides[0]} }}\n.dark {{ {sides[1]} }}\n{CSS}\n{own}"


def _dress(out: Path, config: FeatureConfig) -> None:
    """Write the page itself, its look, its fonts and icons."""
    _write(out / "style.css", style() + label_css(config.labels))
    for file in FACES.values():
        shutil.copyfile(FONTS / "IBMPlexSans" / file, out / file)
    shutil.copytree(ICONS, out / "icons", ignore=lambda *_: [THUMBNAIL])
    with speaking(ENGLISH):
        _write(out / "manifest.json", json.dumps(manifest()))
        title = str(text.TITLE)
    _write(out / "index.html", (WEB / "index.html").read_text("utf-8").replace("{title}", title))


def _pack(file: Path, name: str, out: Path) -> str:
    """Write a file packed by gzip, with a digest of it in its name, which is returned."""
    content = file.read_bytes()
    written = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.bin"
    (out / written).write_bytes(gzip.compress(content, 9, mtime=0))
    return written


def _service_worker(out: Path) -> str:
    """Tell the service worker what there is; its own name is of all that it keeps."""
    names = sorted(folder_sizes(out))
    shell = [name for name in names if not name.endswith(".bin")]
    digest = hashlib.sha256()
    for name in shell:
        digest.update(name.encode() + (out / name).read_bytes())
    build = {
        "store": f"undertone-{digest.hexdigest()[:12]}",
        "shell": ["./", *(name for name in shell if name != "index.html")],
        "files": [name for name in names if name.endswith(".bin")],
    }
    code = (BUNDLE / "service_worker.js").read_text("utf-8")
    return f"const BUILD={json.dumps(build)};\n{code}"


def _write(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")
