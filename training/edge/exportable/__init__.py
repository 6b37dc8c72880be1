"""What can be exported of a forecaster: which ones, their weights by what they do, and those weights as int8."""
