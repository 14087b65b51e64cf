"""A program that sends all that is public through pools of processes, there and back.

python -m tests.support.process_pools spawn|fork RECORDING CUT_RECORDING
"""

import contextlib
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from ser_core import DEFAULT_MODEL, EmotionRecognizer, SpeechEmotionError, TruncatedAudioError
from ser_core.audio.load import load_audio
from tests.support.public_classes import error_classes, make_error, make_result, result_classes

PATIENCE = 120.0  # [s] for an answer, which an error that does not unpickle would never give


def give_back(value: object) -> object:
    """Return what came."""
    return value


def fail(error: SpeechEmotionError) -> None:
    """Raise what came."""
    raise error


def caught(pool: ProcessPoolExecutor, function, *arguments) -> SpeechEmotionError:
    """Return what a call in the pool raises."""
    try:
        pool.submit(function, *arguments).result(PATIENCE)
    except SpeechEmotionError as error:
        return error
    raise AssertionError(f"{function} raised nothing")


def main(method: str, recording: str, cut: str) -> None:
    """Send everything, and compare what comes back."""
    recognizer = EmotionRecognizer.from_pretrained(DEFAULT_MODEL)
    adapted = recognizer.adapt([recording] * 3)
    prediction, timeline = adapted.predict(recording), adapted.analyze(recording, threads=2)
    assert prediction != recognizer.predict(recording)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        results = [make_result(cls) for cls in result_classes()]
        assert list(pool.map(give_back, results, timeout=PATIENCE)) == results
        for cls in error_classes():
            error = make_error(cls)
            error.add_note("This was recording 3 of the batch.")
            again = caught(pool, fail, error)
            assert type(again) is cls
            assert (again.args, vars(again)) == (error.args, vars(error))
        truncated = caught(pool, load_audio, cut)
        assert isinstance(truncated, TruncatedAudioError)
        assert truncated.readable > 0.5
        assert (
            list(pool.map(adapted.predict, [recording] * 4, timeout=PATIENCE)) == [prediction] * 4
        )
        # A forked child has none of its parent's threads, which have answered the timeline above.
        again = pool.submit(adapted.analyze, recording, threads=2).result(PATIENCE)
        assert again == timeline
    with context.Pool(1) as pool, contextlib.suppress(TruncatedAudioError):
        pool.map_async(load_audio, [cut]).get(PATIENCE)
        raise AssertionError("A cut recording raised nothing")
    print("all came back")


if __name__ == "__main__":
    main(*sys.argv[1:])
