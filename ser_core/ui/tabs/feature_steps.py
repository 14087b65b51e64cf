"""The table of what is done to a recording, from its file to the answer."""

from ...config.feature_config import FeatureConfig
from ...config.frame_blocks import LogMelBlock
from ...timeline.spans import LONGEST
from ..look import text
from ..look.markup import Markup, percent, table


def feature_steps(config: FeatureConfig) -> Markup:
    """Tabulate each step from a file to the answer, with this model's own settings."""
    values = {
        **config.model_dump(include={"window", "hop", "frames", "trim", "sequence", "temperature"}),
        **config.speech.model_dump(),
        "rate": config.sample_rate,
        "features": config.features,
        "block_features": config.block_features,
        "statistics": ", ".join(config.statistics or ()),
        "uncertain_below": percent(config.uncertain_below),
        "summary": ", ".join(config.outputs.summary),
        "longest": LONGEST,
    }
    encodes = config.outputs.frames is not None
    cut = [*text.GATE_STEPS, text.STRETCHES_STEP if encodes else text.WINDOWS_STEP]
    steps = [text.DECODE_STEP]
    first = config.blocks[0]
    if not isinstance(first, LogMelBlock):
        steps += cut
        name, what, setting = text.BLOCK_STEP
        for block in config.blocks:
            words = block.name.replace("_", " ")
            steps.append((name.format(name=words), what, setting.format(width=block.width)))
    else:
        values |= first.model_dump() | {
            "frame_ms": 1000 * first.win_length / config.sample_rate,
            "step_ms": 1000 * first.hop_length / config.sample_rate,
            "n_mels": config.block_features,
        }
        steps += [*text.MEL_STEPS, *cut, text.LOGARITHM_STEP]
    if config.statistics is not None:
        steps.append(text.STATISTICS_STEP)
    if config.selected is not None:
        steps.append(text.SELECTION_STEP)
    if config.sequence > 1:
        steps.append(text.SEQUENCE_STEP)
    steps.append(text.STANDARDIZE_STEP)
    if encodes:
        steps.append(text.ENCODE_STEP)
    rows = [
        (name, what.format(**values), setting.format(**values))
        for name, what, setting in [*steps, *text.ANSWER_STEPS]
    ]
    return table(text.FEATURES_HEADERS, rows, stack=True)
