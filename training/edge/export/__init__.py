"""The command ``export``: an artifact becomes files for a device, each held to the library before it is kept."""
