"""The compiled header equals the reference to the last bit, and a program that includes it compiles without a warning.

Without this a device forecasts something else than what was validated, and nobody finds out.
"""

import subprocess

import pytest

from tests.training.edge.conftest import covered_network
from training.edge.c.compiler import find_compiler, run_test
from training.edge.c.header import write_header, write_test
from training.edge.c.vectors import make_vectors, write_vectors
from training.edge.export.pipeline import export
from training.edge.exportable.network_weights import NetworkWeights
from training.edge.integer.network import IntegerNetwork
from training.errors import TrainingError

COMPILER = find_compiler()
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (gcc or cc) on this machine")


def write(folder, network, steps=2000):
    integer = IntegerNetwork(NetworkWeights.of(network))
    (folder / "model.h").write_text(write_header(integer, "small"))
    (folder / "model_vectors.h").write_text(write_vectors(make_vectors(integer, steps)))
    (folder / "model_test.c").write_text(write_test())


@needs_compiler
@pytest.mark.parametrize("optimised", ["-O0", "-O3"])
@pytest.mark.parametrize("changes", [{}, {"layers": 2, "linear_lookback": True, "horizon": 11}, {"season": 1}], ids=str)
def test_it_equals_the_reference_to_the_bit(tmp_path, changes, optimised) -> None:
    write(tmp_path, covered_network(**changes))
    said = run_test(tmp_path, COMPILER, ("-std=c99", "-Wall", "-Wextra", "-Werror", optimised))
    assert said.startswith("2000 steps equal to the bit")


@needs_compiler
def test_ten_thousand_steps_through_the_command(saved, tmp_path) -> None:
    """What the command leaves has passed, and compiles as the how-to says."""
    found = export(saved(covered_network()), "c", tmp_path / "out")
    assert any(line.startswith("10000 steps equal to the bit") for line in found)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["model.h", "model_test.c", "model_vectors.h"]
    assert (tmp_path / "out" / "model.h").stat().st_size < 256 * 1024


@needs_compiler
def test_one_wrong_bit_is_found(tmp_path) -> None:
    """The digest must see a single weight that is off by one step."""
    write(tmp_path, covered_network(), steps=200)
    text = (tmp_path / "model.h").read_text()
    begin = text.index("model_hidden_0[] = {\n") + len("model_hidden_0[] = {\n")
    number, rest = text[begin:].split(",", 1)
    changed = int(number) + (1 if int(number) < 127 else -1)
    (tmp_path / "model.h").write_text(f"{text[:begin]}{changed},{rest}")
    with pytest.raises(TrainingError, match="to the bit"):
        run_test(tmp_path, COMPILER)


@needs_compiler
@pytest.mark.parametrize("flags", [("-ffast-math",), ("-std=gnu99", "-mfma", "-O2")], ids=str)
def test_options_that_reorder_are_refused_by_the_header(tmp_path, flags) -> None:
    """Silently different forecasts are worse than an error at compile time."""
    write(tmp_path, covered_network(), steps=100)
    command = [COMPILER, *flags, "-c", "-o", str(tmp_path / "out.o"), str(tmp_path / "model_test.c")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode and "#error" in ran.stderr
