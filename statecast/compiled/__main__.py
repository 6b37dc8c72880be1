"""``python -m statecast.compiled warm``: compile once, so that nobody who wants a forecast waits for it."""

import sys
import time

from statecast.compiled.build import cache_folder, entries, is_built

_USAGE = "usage: python -m statecast.compiled warm"


def main(arguments: list[str]) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : list of str
        What follows the module's name on the command line: ``["warm"]``.

    Returns
    -------
    int
        Exit status: 0, or 2 for another command.
    """
    if arguments != ["warm"]:
        sys.stderr.write(_USAGE + "\n")
        return 2
    if is_built():
        sys.stdout.write(f"compiled already, in {cache_folder()}\n")
        return 0
    began = time.perf_counter()
    sys.stdout.write("compiling the step and the forecast, once: a minute or so\n")
    sys.stdout.flush()
    entries()
    sys.stdout.write(f"compiled into {cache_folder()} in {time.perf_counter() - began:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
