"""The one calendar of the project: frequencies, time axes, seasons, calendar features."""
