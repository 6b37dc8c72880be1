"""What networks offer that read whole sequences or streams of them: classifiers and transcribers."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import Tensor, nn

from statecast.errors import InputError
from statecast.state.state import State, StateSpec

Output = TypeVar("Output")
"""What such a network makes of a sequence, batch first."""


class SequenceNetwork(nn.Module, ABC, Generic[Output]):
    """A network that reads sequences, whole or as a stream whose state is a value.

    Sequences of a batch differ in length; what lies behind a row's length is padding and has no influence. Where
    ``streaming`` is ``exact``, stepping equals running: reading some of a sequence and then the rest leads to what
    reading it at once does, so that a session needs its state alone.

    Shapes: B rows, T steps; the shape of a step is the network's own.

    Attributes
    ----------
    spec : StateSpec
        Layout of its states: plain bytes of a fixed number, which a store keeps as they are.
    """

    spec: StateSpec

    @property
    @abstractmethod
    def streaming(self) -> str:
        """``exact`` where a step costs the same whatever came before; ``none`` where only whole sequences are read."""

    def initial_state(self, rows: int) -> State:
        """Return states of sequences of which nothing has been read.

        Parameters
        ----------
        rows : int
            How many, B.

        Returns
        -------
        State
            B equal rows, on the network's device.

        Raises
        ------
        InputError
            If the network reads whole sequences only.
        """
        self.check_streams()
        return self.spec.fresh(rows, next(self.parameters()).device)

    def check_streams(self) -> None:
        """Refuse to read a stream with a network that reads whole sequences only.

        Raises
        ------
        InputError
            If ``streaming`` is not ``exact``.
        """
        if self.streaming != "exact":
            raise InputError(
                "session: not supported by this network, which reads both ways and so needs a whole sequence; send it "
                "whole, or fit a network without bidirectional"
            )

    @abstractmethod
    def advance(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[Output, State]:
        """Read on.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T, ...]``, padded behind each row's length with anything finite.
        lengths : Tensor
            ``[B]`` int64, 0 to T: steps of each row. A row without steps keeps its state.
        state : State
            B rows, which stay as they are.

        Returns
        -------
        tuple of Output and State
            What there is to say now, of these steps or of all so far, as the network's class says; and the state after
            them.

        Raises
        ------
        InputError
            If shapes do not go together, or the network reads whole sequences only.
        """

    @abstractmethod
    def run(self, inputs: Tensor, lengths: Tensor) -> Output:
        """Read whole sequences at once.

        Parameters
        ----------
        inputs : Tensor
            ``[B, T, ...]``, padded.
        lengths : Tensor
            ``[B]`` int64, 0 to T.

        Returns
        -------
        Output
            The same that ``advance`` from the initial state comes to, where the network streams.

        Raises
        ------
        InputError
            If shapes do not go together.
        """
