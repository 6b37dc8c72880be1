"""A forecaster as an ONNX graph: one step with state in and state out, and the forecast after it."""
