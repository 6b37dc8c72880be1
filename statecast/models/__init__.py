"""The networks: a forecaster, several as one, one for every season, and a language model, behind one interface."""
