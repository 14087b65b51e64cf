"""Commands in this process share the model that is loaded already."""

import pytest

from ser_core import DEFAULT_MODEL, EmotionRecognizer


@pytest.fixture(autouse=True)
def _loaded(recognizer: EmotionRecognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    load = EmotionRecognizer.from_pretrained

    def from_pretrained(model: str, **options: object) -> EmotionRecognizer:
        return recognizer if model == DEFAULT_MODEL else load(model, **options)

    monkeypatch.setattr(EmotionRecognizer, "from_pretrained", from_pretrained)
