"""`ser live`: what the microphone's last seconds sound like, again and again."""

import io
import queue
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ...errors import ArgumentError, SpeechEmotionError
from .shared_options import ModelOption, RevisionOption, TopOption, load_model
from .terminal import complain, console, is_terminal, print_json_line

if TYPE_CHECKING:
    import numpy as np
    from rich.console import RenderableType

    from ...timeline.live import LiveMoment

    Block = tuple[int, np.ndarray]  # sample rate [Hz] and samples

BLOCK = 0.1  # [s] of sound taken from the microphone at a time
PATIENCE = 5.0  # [s] without sound after which a microphone is gone
_NARROWEST, _WIDEST = 4, 60  # [columns] of a bar for probability 1


class MicrophoneError(SpeechEmotionError, OSError):
    """There is no microphone that can be recorded from."""


def live(
    device: Annotated[
        str | None,
        typer.Option(metavar="DEVICE", help="Number, or a part of the name, of the microphone."),
    ] = None,
    list_devices: Annotated[
        bool, typer.Option("--list-devices", help="Print the microphones, and end.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A recording, played as it were live, in place of the microphone; - for standard "
            "input.",
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=8_000,
            max=192_000,
            metavar="HZ",
            help="With --from -: bare samples at this rate, signed 16 bit, one channel.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="End after that much sound.")
    ] = None,
    hop: Annotated[float, typer.Option(metavar="S", help="Between two answers.")] = 0.5,
    top: TopOption = 3,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    model: ModelOption = None,
    revision: RevisionOption = None,
) -> None:
    """Follow the microphone: what the last seconds sound like, until Ctrl-C; needs the extra live.

    On a terminal, bars that move; into a pipe, a line every half second.

    \b
    Examples:
      ser live
      ser live --list-devices
      ser live --from clip.wav
      arecord -t raw -f S16_LE -r 16000 | ser live --from - --rate 16000 --json
    """
    if list_devices:
        _print_devices()
        return
    if rate is not None and source != "-":
        raise ArgumentError("--rate says how bare samples from --from - are to be taken.")
    blocks: Iterable[Block]
    is_bars = is_terminal(sys.stdout) and not as_json
    if source is None:
        blocks = _microphone_blocks(device)
    elif rate is not None:
        blocks = _bare_blocks(rate)
    else:
        blocks = _recorded_blocks(source, paced=is_bars)
    recognizer = load_model(model, revision)
    moments = recognizer.stream(_limited(blocks, seconds), hop=hop)
    with _screen(is_bars) as screen:
        for moment in moments:
            if screen is not None:
                screen.update(_bars(moment, len(recognizer.labels), screen.console.width))
            elif as_json:
                print_json_line(moment.to_dict())
            else:
                print(f"{moment.time:.1f} s: {moment.prediction.describe(top)}", flush=True)


def _screen(is_bars: bool) -> AbstractContextManager[Any]:
    if not is_bars:
        return nullcontext()
    from rich.live import Live

    return Live(console=console())


def _bars(moment: "LiveMoment", labels: int, width: int) -> "RenderableType":
    """Draw every emotion's probability as a bar."""
    from rich.table import Table
    from rich.text import Text

    prediction = moment.prediction
    if not prediction.probabilities:
        head, rows = "no speech", [("", 0.0)] * labels
    else:
        doubt = "perhaps " if prediction.status == "uncertain" else ""
        head, rows = f"{doubt}{prediction.label}", list(prediction.probabilities.items())
    names = max(len(label) for label, _ in rows)
    longest = min(_WIDEST, max(_NARROWEST, width - names - 12))
    grid = Table.grid(padding=(0, 2))
    told = Text(head, style="bold", no_wrap=True, overflow="ellipsis")
    grid.add_row(Text(f"{moment.time:.1f} s", style="dim"), "", told)
    for label, probability in rows:
        bar = Text("█" * round(longest * probability), style="cyan")
        share = f"{100 * probability:3.0f} %" if label else ""
        grid.add_row(label, share, bar)
    return grid


def _limited(blocks: "Iterable[Block]", seconds: float | None) -> "Iterator[Block]":
    """Give blocks up to so many seconds of sound."""
    left = seconds
    for rate, samples in blocks:
        if left is None:
            yield rate, samples
            continue
        yield rate, samples[: round(left * rate)]
        left -= len(samples) / rate
        if left <= 0:
            return


def _recorded_blocks(source: str, *, paced: bool) -> "Iterator[Block]":
    """Give a recording as it is decoded; paced, as fast as it was spoken."""
    from ...audio.load import SAMPLE_RATE, read_blocks
    from .named_recordings import INPUT, Named, open_named

    with open_named(Named(source, None if source == INPUT else source)) as audio:
        for block in read_blocks(audio, block_seconds=BLOCK):
            if paced:
                time.sleep(len(block) / SAMPLE_RATE)
            yield SAMPLE_RATE, block


def _bare_blocks(rate: int) -> "Iterator[Block]":
    """Give signed 16-bit samples of one channel as they come through standard input."""
    import numpy as np

    if sys.stdin is None or sys.stdin.isatty():
        raise ArgumentError("--rate needs samples from standard input: pipe some in.")
    rest = b""
    pipe = cast(io.BufferedReader, sys.stdin.buffer)
    while piece := pipe.read1(round(rate * BLOCK) * 2):
        rest += piece
        whole = len(rest) // 2 * 2
        yield rate, np.frombuffer(rest[:whole], "<i2")
        rest = rest[whole:]


def _sounddevice() -> Any:
    """Import what records.

    Raises:
        MicrophoneError: it is not installed, or the library that it stands on is not.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise MicrophoneError(
            "The microphone needs sounddevice, which is not installed: pip install "
            "'ser-core[live]', or give --from FILE."
        ) from error
    except OSError as error:
        raise MicrophoneError(
            "The microphone needs the library PortAudio, which is not installed: apt-get install "
            "libportaudio2 (or what your system calls it), or give --from FILE."
        ) from error
    return sounddevice


def _microphone_blocks(device: str | None) -> "Iterator[Block]":
    """Open the microphone, and give what it records.

    Raises:
        MicrophoneError: at once, if there is none that can be recorded from; while iterating, if it
            is gone.
    """
    sounddevice = _sounddevice()
    chosen = int(device) if device is not None and device.isdecimal() else device
    heard: queue.Queue[Any] = queue.Queue()

    def take(samples: Any, *_: object) -> None:
        heard.put(samples.copy())

    try:
        about = sounddevice.query_devices(chosen, "input")
        rate = round(about["default_samplerate"])
        stream = sounddevice.InputStream(
            device=chosen,
            samplerate=rate,
            blocksize=round(rate * BLOCK),
            channels=1,
            dtype="float32",
            callback=take,
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        which = "No microphone" if device is None else f"No microphone {device!r:.60}"
        raise MicrophoneError(
            f"{which} can be recorded from ({' '.join(str(error).split())}): ser live "
            "--list-devices names those there are; or give --from FILE."
        ) from error
    return _taken(stream, heard, rate)


def _taken(stream: Any, heard: "queue.Queue[Any]", rate: int) -> "Iterator[Block]":
    with stream:
        while True:
            try:
                yield rate, heard.get(timeout=PATIENCE)
            except queue.Empty as error:
                raise MicrophoneError(
                    f"The microphone gave nothing for {PATIENCE:g} s: check that it is plugged in "
                    "and not muted."
                ) from error


def _print_devices() -> None:
    sounddevice = _sounddevice()
    try:
        default = sounddevice.default.device[0]
        devices = [
            (number, one)
            for number, one in enumerate(sounddevice.query_devices())
            if one["max_input_channels"] > 0
        ]
    except sounddevice.PortAudioError as error:
        raise MicrophoneError(f"The microphones cannot be listed ({error}).") from error
    if not devices:
        complain("There is no microphone: plug one in, or give --from FILE.")
        raise typer.Exit(1)
    for number, one in devices:
        print(f"{'*' if number == default else ' '} {number}  {one['name']}")
