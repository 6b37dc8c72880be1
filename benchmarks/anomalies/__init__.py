"""Online anomaly detection on labelled series."""
