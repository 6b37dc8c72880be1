"""Distillation: a smaller forecaster learns from the quantiles of a larger one."""
