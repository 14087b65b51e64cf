"""Compute what the networks of a run learn from, before any is trained, and keep it.

python -m train features --corpus ravdess=PATH --corpus nemo=PATH
"""

from ..data.material import Material
from .joint import prepare_summaries
from .plan import Run
from .probe import encode_clips


def prepare_features(run: Run, material: Material) -> None:
    """Compute whatever the cache does not hold yet.

    Args:
        run: Run.
        material: the clips that folds count in, as `plan.prepare` gives.
    """
    if run.recipe.heads is not None:
        prepare_summaries(run)
    elif run.recipe.encoder is not None:
        encode_clips(run, material.features, run.recipe.versions(run.recipe.training))
