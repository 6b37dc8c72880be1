"""What the encoder is shown at each of the steps that are computed at once, and which of them anything depends on.

Shapes: B rows, T steps of the chunk, P patch length.
"""

from typing import Any, NamedTuple

from statecast.compiled.arithmetic.kernel import Floats, Integers, Network, kernel
from statecast.compiled.arithmetic.products import padded
from statecast.compiled.parts.reading import (
    INPUTS,
    follow_scale,
    follow_season,
    show_covariates,
    show_scaling,
    show_target,
)
from statecast.compiled.parts.rows import Rows, covariates_of, full_of, known_of, phase_of


class EncoderInputs(NamedTuple):
    """Room for the steps of one round, M at most.

    Parameters
    ----------
    shown : Floats, flat [M, inputs]
        What the encoder is shown.
    embedded : Floats, flat [M, W]
        What its first layer makes of it.
    bucket_shown : Floats, flat [block, INPUTS]
        What the encoder of a coarse resolution is shown.
    before : Floats, flat [R - 1, block, D]
        Hidden vector of each coarse resolution before the round.
    """

    shown: Floats
    embedded: Floats
    bucket_shown: Floats
    before: Floats


class Places(NamedTuple):
    """Where rows and phase states lie, and which steps matter.

    Parameters
    ----------
    rows : Integers, shape [block]
        Place of each row of the block in the cache.
    states : Integers, shape [M]
        Where in the cache, in float32 numbers, the state lies that each step of a round advances.
    ended : Integers, flat [R - 1, block]
        Step that ends a coarse resolution's bucket; the round's end if none does.
    until : Integers, flat [block, P]
        How many steps of the chunk the state of each phase is needed for; see ``fill_needed_steps``.
    """

    rows: Integers
    states: Integers
    ended: Integers
    until: Integers


@kernel
def encoder_input_sizes(n: Network, rows: int, steps: int) -> Any:
    """Give the lengths of what ``EncoderInputs`` needs.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : int, of a block
    steps : int, of a round
    """
    width, most, coarse = padded(n.width), rows * steps, n.resolutions - 1
    return most * n.inputs, most * width, rows * INPUTS, coarse * rows * n.width


@kernel
def join_covariates(n: Network, rows: Rows, i: int, past: Floats, known: Floats) -> None:
    """Put the new steps' past and then future covariates behind those that were kept, and what was known of them.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows, what is joined is changed in place
    i : int, place of the row in the block
    past : Floats, shape [T, Cp], encoded past covariates
    known : Floats, shape [T, Ck], calendar features, then encoded future covariates
    """
    joined = covariates_of(n, rows, i)
    for step in range(rows.steps):
        place = (n.patch_length + step) * n.covariates
        for c in range(n.past):
            joined[place + c] = past[step, c]
        for c in range(n.known - n.calendar):
            joined[place + n.past + c] = known[step, n.calendar + c]
    if n.adapts > 0:
        ahead = known_of(n, rows, i)
        for step in range(rows.steps):
            for c in range(n.known):
                ahead[(n.horizon + step) * n.known + c] = known[step, c]


@kernel
def fill_needed_steps(n: Network, rows: Rows, i: int, final: bool, until: Integers) -> None:
    """Write of each phase how many steps of the chunk its state is needed for.

    A forecast at the end reads the last phase, and what matured meanwhile was forecast from the phases of its origins:
    of a final row no step after these is needed.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows, only read
    i : int, place of the row in the block
    final : bool, whether the row is only forecast from, and never advanced again
    until : Integers, shape [P], overwritten
    """
    r, steps = rows.places[i], rows.steps
    for phase in range(n.patch_length):
        until[phase] = 0 if final else steps
    if final and n.adapts > 0:
        next_index, count = rows.integers[r, n.at_time_index] + 1, rows.integers[r, n.at_count] + 1
        for step in range(-next_index % n.stride, steps - n.horizon, n.stride):
            if count + step >= n.burn_in:
                until[phase_of(n, step, steps)] = step + 1
    until[n.patch_length - 1] = steps


@kernel
def fill_encoder_inputs(
    n: Network, rows: Rows, this: EncoderInputs, its: Places, count: int, begin: int, some: int, known: Floats
) -> int:
    """Follow level and scale through a round, and write what the encoder is shown at those steps that are needed.

    Parameters
    ----------
    n : Network, record of ``NUMBERS``
    rows : Rows, changed in place
    this : EncoderInputs, ``shown`` is overwritten
    its : Places, ``states`` is overwritten
    count : int, rows of the block
    begin : int, first step of the round
    some : int, steps of the round
    known : Floats, shape [B, T, Ck]

    Returns
    -------
    int
        How many steps are needed.
    """
    many = 0
    for i in range(count):
        r = rows.places[i]
        row, full, covariates = rows.doubles[r], full_of(n, rows, i), covariates_of(n, rows, i)
        static = rows.floats[r, n.at_static :]
        for step in range(begin, begin + some):
            value = full[n.kept_length + step]
            loc, scale = follow_scale(n, row, value)
            phase = phase_of(n, step, rows.steps)
            loc_before, scale_before = row[n.at_locs + phase], row[n.at_scales + phase]
            row[n.at_locs + phase], row[n.at_scales + phase] = loc, scale
            follow_season(n, row, value, full[n.kept_length + step - n.season])
            if step >= its.until[i * n.patch_length + phase]:
                continue
            shown = this.shown[many * n.inputs : (many + 1) * n.inputs]
            show_target(n, full, n.kept_length + step + 1, loc, scale, shown)
            show_scaling(n, loc, scale, loc_before, scale_before, shown)
            if n.inputs > 4 * n.patch_length + 2:
                show_covariates(n, covariates, step + 1, known[i, step], static, shown)
            its.states[many] = r * n.row_floats + n.at_hidden + phase * n.layers * n.parts * n.width
            many += 1
    return many
