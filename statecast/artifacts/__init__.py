"""A trained network as a folder: saved, loaded, and proved to forecast what it forecast when it was saved."""
