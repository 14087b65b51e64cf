"""Every feature block as configuration: one union, told apart by `name`.

The arrays themselves come from ser_core.features. Importing this imports no librosa and no SciPy.
"""

from typing import Annotated, Literal

from pydantic import Field

from .frame_blocks import (
    ChromaBlock,
    LogMelBlock,
    MelDbBlock,
    MfccBlock,
    OnsetStrengthBlock,
    SpectralContrastBlock,
    TonnetzBlock,
    WaveformBlock,
    ZeroCrossingRateBlock,
)
from .utterance_blocks import (
    AnalyticSignalBlock,
    BandEnergiesBlock,
    ChromaStatisticsBlock,
    ContrastStatisticsBlock,
    EnergyEntropyBlock,
    FluxStatisticsBlock,
    HarmonicPercussiveBlock,
    MomentsBlock,
    PermutationEntropyBlock,
    PitchBlock,
    RenyiEntropyBlock,
    RmsStatisticsBlock,
    RolloffBlock,
    SpectralEnergyEntropyBlock,
    SpectralEntropyBlock,
    TeagerEnergyBlock,
    TotalEnergyBlock,
    UtteranceBlock,
    ZeroCrossingStatisticsBlock,
)

FrameBlock = (
    MfccBlock
    | MelDbBlock
    | SpectralContrastBlock
    | ZeroCrossingRateBlock
    | OnsetStrengthBlock
    | ChromaBlock
    | TonnetzBlock
)
WindowBlock = (
    SpectralEntropyBlock
    | RenyiEntropyBlock
    | TeagerEnergyBlock
    | HarmonicPercussiveBlock
    | ZeroCrossingStatisticsBlock
    | ContrastStatisticsBlock
    | FluxStatisticsBlock
    | AnalyticSignalBlock
    | RmsStatisticsBlock
    | TotalEnergyBlock
    | EnergyEntropyBlock
    | SpectralEnergyEntropyBlock
    | BandEnergiesBlock
    | PermutationEntropyBlock
    | MomentsBlock
    | RolloffBlock
    | PitchBlock
    | ChromaStatisticsBlock
)
Block = Annotated[LogMelBlock | FrameBlock | WindowBlock, Field(discriminator="name")]

Statistic = Literal["mean", "std", "min", "max", "median", "skewness", "kurtosis"]

FRAME_BLOCKS: tuple[WaveformBlock, ...] = (  # 129 features per frame, of recipe autoencoder_bilstm
    MfccBlock(n_mfcc=40, deltas=20),
    MelDbBlock(n_mels=40),
    SpectralContrastBlock(),
    ZeroCrossingRateBlock(),
    OnsetStrengthBlock(),
)
UTTERANCE_BLOCKS: tuple[UtteranceBlock, ...] = (  # 74 features per window, of the same recipe
    SpectralEntropyBlock(),
    RenyiEntropyBlock(),
    TeagerEnergyBlock(),
    HarmonicPercussiveBlock(),
    ZeroCrossingStatisticsBlock(),
    ContrastStatisticsBlock(),
    FluxStatisticsBlock(),
    AnalyticSignalBlock(),
    RmsStatisticsBlock(),
    TotalEnergyBlock(),
    EnergyEntropyBlock(),
    SpectralEnergyEntropyBlock(),
    BandEnergiesBlock(),
    PermutationEntropyBlock(),
    MomentsBlock(),
    RolloffBlock(),
    PitchBlock(),
    ChromaStatisticsBlock(),
)
