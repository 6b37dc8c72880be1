"""Compiles the test program of a header and runs it, where there is a C compiler."""

import shutil
import subprocess
from pathlib import Path

from training.errors import TrainingError

FLAGS = ("-std=c99", "-Wall", "-Werror", "-O2")
_SECONDS = 120


def find_compiler() -> str | None:
    """Find a C compiler.

    Returns
    -------
    str or None
        Path of gcc, or of whatever is called cc; None where there is neither.
    """
    return shutil.which("gcc") or shutil.which("cc")


def run_test(folder: Path, compiler: str, flags: tuple[str, ...] = FLAGS) -> str:
    """Compile ``model_test.c`` with the header beside it, and run it.

    Parameters
    ----------
    folder : Path
        Where ``model.h``, ``model_vectors.h`` and ``model_test.c`` are; the program is put there and removed.
    compiler : str
        What ``find_compiler`` found.
    flags : tuple of str
        Options of the compiler.

    Returns
    -------
    str
        What the program printed: that all is equal, and how long it took.

    Raises
    ------
    TrainingError
        If it does not compile, or what it computes differs from the reference.
    """
    program = folder / "model_test"
    command = [compiler, *flags, "-o", str(program), str(folder / "model_test.c")]
    built = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if built.returncode:
        raise TrainingError(f"{' '.join(command)}: expected a program, got\n{built.stderr.strip()}")
    try:
        ran = subprocess.run([str(program)], capture_output=True, text=True, check=False, timeout=_SECONDS)
    finally:
        program.unlink()
    if ran.returncode:
        raise TrainingError(
            f"model.h: expected what the reference computes, to the bit, got another result from {compiler}: "
            f"{ran.stdout.strip() or ran.stderr.strip() or ran.returncode}"
        )
    return ran.stdout.strip()
