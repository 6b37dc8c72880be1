"""Small models for devices: distilled from larger ones, exported as ONNX or as a header of C."""
