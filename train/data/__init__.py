"""From rows to what a network is fed: cached features, augmentation, degradations, protocols.

Imports `train.corpora` and `ser_core`; fitting, audit and measure import it.
"""
