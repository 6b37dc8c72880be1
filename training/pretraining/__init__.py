"""Pretraining of the default model: a family of forecasters learns from synthetic series."""
