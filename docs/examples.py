"""Make the examples that the page offers, in ser_core/ui/clips: synthetic voices, and no voice.

    python -m docs.examples

Needs espeak-ng (Debian: apt-get install espeak-ng). The same versions of it and of PyAV give the
same bytes.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

FOLDER = Path(__file__).parents[1] / "ser_core" / "ui" / "clips"
RATE = 16_000  # [Hz]
PEAK = 0.7  # of full scale, of the loudest clip
PAUSE = 0.9  # [s] between the turns of the conversation
BIT_RATE = 24_000  # [bit/s]
SEED = 0


@dataclass(frozen=True)
class Style:
    """How espeak-ng is to speak.

    Attributes:
        voice: name of one of its voices.
        speed: words per minute.
        pitch: from 0 to 99, 50 is the voice's own.
        range: how much of melody there is, 0 to 99 as well; 50 is the voice's own.
        level: of the loudest sample, against the loudest clip.
        growl: depth in [0, 1] of a modulation by 70 Hz, which makes a voice rough.
        tremble: depth in [0, 1] of one by 7 Hz, which makes it shake.
    """

    voice: str
    speed: int = 160
    pitch: int = 50
    range: int = 50
    level: float = 0.8
    growl: float = 0.0
    tremble: float = 0.0


PLAIN = Style("en-us")
ANGRY = Style("en-us", speed=190, pitch=62, range=80, level=1.0, growl=0.5)
SAD = Style("en-us+f3", speed=105, pitch=28, range=12, level=0.45)
HAPPY = Style("en-us+f2", speed=180, pitch=78, range=99, level=0.9)
AFRAID = Style("en-us+f4", speed=200, pitch=88, range=30, level=0.6, tremble=0.45)

CLIPS: dict[str, tuple[Style, str]] = {
    "plain": (PLAIN, "The train to the coast leaves at a quarter past nine."),
    "angry": (ANGRY, "I told you not to touch it! Now look what you have done!"),
    "sad": (SAD, "We waited all day, but nobody came."),
    "happy": (HAPPY, "You are here! What a wonderful surprise, come in, come in!"),
    "afraid": (AFRAID, "There is somebody in the house. Did you hear that?"),
}
"""What is said, and how, in each file but for two: a room where nobody speaks, and a long one."""

CONVERSATION: Sequence[tuple[Style, str]] = (
    (PLAIN, "Good morning. You wanted to talk about the garden."),
    (HAPPY, "Yes! The apple tree is in flower, the whole of it, come and see!"),
    (PLAIN, "I saw it from the window. And the fence at the end of the path?"),
    (SAD, "The storm took it. My father had built it, the year before he moved away."),
    (PLAIN, "I did not know that."),
    (ANGRY, "And then the neighbour parks his car there! On the roses! Every single day!"),
    (AFRAID, "Quiet, please. I think he is standing right behind the hedge."),
    (PLAIN, "Nobody is there. It is the cat."),
    (HAPPY, "The cat! Oh, she has brought all her kittens!"),
    (SAD, "There were five of them last week. Now there are four."),
    (PLAIN, "The fifth one is asleep in your hat."),
    (HAPPY, "So it is! Let us leave it there, and have tea."),
)


def main() -> None:
    """Write every file, and say how large they are."""
    FOLDER.mkdir(exist_ok=True)
    for name, (style, words) in CLIPS.items():
        write_clip(name, pad(speak(style, words)))
    write_clip("room", room(4.0))
    turns = [speak(style, words) for style, words in CONVERSATION]
    write_clip("conversation", np.concatenate([pad(turn, after=PAUSE) for turn in turns]))
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.mp3"))}
    for name, size in sizes.items():
        print(f"{name:20} {size:7,} bytes")
    print(f"{'all':20} {sum(sizes.values()):7,} bytes")


def speak(style: Style, words: str) -> np.ndarray:
    """Have a sentence spoken; mono float32 at RATE, without the silence around it."""
    ssml = f'<prosody range="{2 * style.range}%">{words}</prosody>'
    command = ["espeak-ng", "-m", "-v", style.voice, "-s", style.speed, "-p", style.pitch]
    spoken = subprocess.run(
        [*map(str, command), "--stdout", ssml], check=True, capture_output=True
    ).stdout
    # The header of what comes through a pipe does not know its length.
    samples, rate = np.frombuffer(spoken[44:], np.int16) / 32_768, header_rate(spoken)
    samples = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1]]
    time = np.arange(len(samples)) / RATE
    for depth, frequency in ((style.growl, 70.0), (style.tremble, 7.0)):
        samples = samples * (1 - depth / 2 * (1 - np.cos(2 * np.pi * frequency * time)))
    return (samples * style.level * PEAK / np.abs(samples).max()).astype(np.float32)


def header_rate(wav: bytes) -> int:
    """Read the rate [Hz] out of a WAV header."""
    return int.from_bytes(wav[24:28], "little")


def room(seconds: float) -> np.ndarray:
    """The hum and hiss of a room where nobody speaks; mono float32."""
    noise = np.random.default_rng(SEED).standard_normal(round(seconds * RATE))
    hiss = np.convolve(noise, np.ones(8) / 8, mode="same")
    hum = np.sin(2 * np.pi * 50 * np.arange(len(hiss)) / RATE)
    return (0.01 * hiss + 0.006 * hum).astype(np.float32)


def pad(samples: np.ndarray, *, before: float = 0.3, after: float = 0.3) -> np.ndarray:
    """Put a room's sound [s] around speech, and under it."""
    around = (round(before * RATE), round(after * RATE))
    padding = np.pad(samples, around)
    return padding + 0.1 * room(len(padding) / RATE)[: len(padding)]


def write_clip(name: str, samples: np.ndarray) -> None:
    """Write a clip as MP3, which every browser plays; nothing in it tells when or where."""
    heights = np.rint(samples * 32_767).astype(np.int16)
    path = FOLDER / f"{name}.mp3"
    with av.open(str(path), "w", options={"fflags": "+bitexact", "id3v2_version": "0"}) as file:
        # Without the reservoir each frame stands alone, and decoders that jump do not complain.
        options = {"reservoir": "0"}
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono", options=options)
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(heights[None], format="s16p", layout="mono")
        frame.rate = RATE
        file.mux([*stream.encode(frame), *stream.encode(None)])


if __name__ == "__main__":
    main()
