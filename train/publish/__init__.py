"""Cards, models, data sets and Spaces on the Hugging Face Hub, each in one commit.

Every file of a model repository is written through `ser_core.model.files`. Imports fitting,
answers, corpora and `ser_core`; the commands import it.
"""
