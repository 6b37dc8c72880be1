"""What a notebook calls: forecasts of one series, text written on from a prompt."""
