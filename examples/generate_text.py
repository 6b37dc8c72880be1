"""A text model from nothing in seconds: train it on a file, then let it write on from a prompt.

python examples/generate_text.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import statecast

ROOT = Path(__file__).parents[1]
CONFIG = """
[text]
vocabulary = "char"
[network]
embedding = 32
width = 96
layers = 1
dropout = 0.0
[training]
epochs = 25
batch = 16
length = 32
learning_rate = 5e-3
warm_up = 10
ngrams = 0
"""


def main() -> None:
    """Learn the letters of the licence; print what the model makes of them, cold and warm."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "licence.toml"
        config.write_text(CONFIG)
        fit = [
            sys.executable,
            "-m",
            "training",
            "fit",
            config,
            "--data",
            ROOT / "LICENSE",
            "--out",
            f"{folder}/licence",
        ]
        subprocess.run(fit, cwd=ROOT, check=True)
        model = statecast.load(f"{folder}/licence")
        for temperature in (0.0, 0.7):
            text = model.generate("the License", max_tokens=120, temperature=temperature, seed=7)
            print(f"temperature {temperature}: the License{text!r}")


if __name__ == "__main__":
    main()
