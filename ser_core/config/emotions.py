"""The eight emotion classes of RAVDESS: order, colour, description; the one place that knows them.

Source: Livingstone and Russo (2018), The Ryerson Audio-Visual Database of Emotional Speech and
Song, PLoS ONE 13(5): e0196391.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Emotion:
    """One emotion class.

    Attributes:
        name: the label, as it stands in every config, file and API answer.
        colour: "#rrggbb" on a light page.
        colour_dark: "#rrggbb" on a dark one.
        description: what it tends to sound like, in one sentence for a visitor.
    """

    name: str
    colour: str
    colour_dark: str
    description: str


EMOTIONS: tuple[Emotion, ...] = (
    Emotion("neutral", "#55535c", "#dcdce3", "Even pitch and pace, no feeling put into the voice."),
    Emotion("calm", "#0b7c5d", "#01be91", "Soft, slow and relaxed, with a low and steady pitch."),
    Emotion(
        "happy", "#946410", "#efba3a", "Bright and lively, with a raised pitch that moves a lot."
    ),
    Emotion("sad", "#08037d", "#6d8ef5", "Quiet and slow, with a falling pitch and a weak voice."),
    Emotion("angry", "#9d2a35", "#fb5c5c", "Loud, tense and sharp, with hard onsets."),
    Emotion(
        "fearful", "#774af1", "#e2b8fc", "High, fast and unsteady, often breathy or trembling."
    ),
    Emotion("disgust", "#2f4100", "#bfeea6", "Low and drawn out, with a tight or creaking voice."),
    Emotion(
        "surprised", "#63062e", "#ce80ad", "A sudden rise in pitch and loudness, wide in range."
    ),
)
"""The eight classes. Any two of their colours differ by 11 and more (CIEDE2000), on a light page or
on a dark one, for full colour vision, protanopia, deuteranopia and tritanopia alike, and all stand
out from the page by 4.5:1 and more. They were searched for that: see tests/ui/test_look.py."""

LABELS: tuple[str, ...] = tuple(emotion.name for emotion in EMOTIONS)
"""The eight labels in RAVDESS order, which is the order of every probability vector."""

NEUTRAL = "neutral"
"""The label of no emotion, which is expressed with no intensity: RAVDESS has no strong neutral."""

BY_NAME: dict[str, Emotion] = {emotion.name: emotion for emotion in EMOTIONS}
