"""Recipes: a training run as TOML, validated before anything is computed.

Every room of train may import it; it imports ser_core alone. The recipes themselves are files in
train/recipes.
"""

from .head_sections import Heads, HiddenHead, LinearHead, Tuning
from .loading import RECIPES, Recipe, at_speeds, load
from .sections import (
    Abstention,
    Augmentation,
    Condensing,
    Copies,
    Distillation,
    Encoder,
    Features,
    FineTuning,
    Network,
    Pretraining,
    Scale,
    Schedule,
)

__all__ = [
    "RECIPES",
    "Abstention",
    "Augmentation",
    "Condensing",
    "Copies",
    "Distillation",
    "Encoder",
    "Features",
    "FineTuning",
    "Heads",
    "HiddenHead",
    "LinearHead",
    "Network",
    "Pretraining",
    "Recipe",
    "Scale",
    "Schedule",
    "Tuning",
    "at_speeds",
    "load",
]
