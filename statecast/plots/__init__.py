"""Figures of forecasts: plotly where it is installed, else matplotlib."""
