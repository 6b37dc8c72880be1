"""``python -m training``."""

from training.commands import app

if __name__ == "__main__":
    app(prog_name="python -m training")
