"""Answers out of fold and all that follows from them: metrics, calibration, fairness, adaptation.

Everything here can be computed again from `out_of_fold.csv`, without a network. Imports
`train.corpora` and `ser_core`; fitting, measure and publish import it.
"""
