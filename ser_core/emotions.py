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
        colour: "#rrggbb"; at least 4.5:1 against white, and told apart by lightness as well as hue.
        description: what it tends to sound like, in one sentence for a visitor.
    """

    name: str
    colour: str
    description: str


EMOTIONS: tuple[Emotion, ...] = (
    Emotion("neutral", "#6b6b6b", "Even pitch and pace, no feeling put into the voice."),
    Emotion("calm", "#00806b", "Soft, slow and relaxed, with a low and steady pitch."),
    Emotion("happy", "#a86400", "Bright and lively, with a raised pitch that moves a lot."),
    Emotion("sad", "#3a5fb0", "Quiet and slow, with a falling pitch and a weak voice."),
    Emotion("angry", "#b3261e", "Loud, tense and sharp, with hard onsets."),
    Emotion("fearful", "#7a3fa0", "High, fast and unsteady, often breathy or trembling."),
    Emotion("disgust", "#5c6f00", "Low and drawn out, with a tight or creaking voice."),
    Emotion("surprised", "#b0307e", "A sudden rise in pitch and loudness, wide in range."),
)

LABELS: tuple[str, ...] = tuple(emotion.name for emotion in EMOTIONS)
"""The eight labels in RAVDESS order, which is the order of every probability vector."""

NEUTRAL = "neutral"
"""The label of no emotion, which is expressed with no intensity: RAVDESS has no strong neutral."""

BY_NAME: dict[str, Emotion] = {emotion.name: emotion for emotion in EMOTIONS}
