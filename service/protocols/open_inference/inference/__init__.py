"""Requests for inference, however they came: tensors to series, forecasts to tensors, and what is said of models."""
