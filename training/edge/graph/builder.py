"""Builds an ONNX graph node by node."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR = 17, 8
_TYPES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "int64": TensorProto.INT64}


class GraphBuilder:
    """Nodes and constants that are added one after the other; each gives the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[onnx.TensorProto] = []

    def constant(self, values: Any) -> str:
        """Add a constant; equal ones are kept once.

        Parameters
        ----------
        values : array_like
            Of the dtype that it is to have.

        Returns
        -------
        str
            Its name.
        """
        array = np.ascontiguousarray(values)
        array = array.reshape(np.shape(values))
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = name
            self._initializers.append(numpy_helper.from_array(array, name))
        return self._constants[key]

    def add(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node with one result.

        Parameters
        ----------
        kind : str
            Name of the operator.
        *inputs : str
            Names of what it takes.
        name : str
            What its result is called; numbered if left out.
        **attributes : object
            Of the operator.

        Returns
        -------
        str
            Name of the result.
        """
        name = name or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def cast(self, x: str, dtype: str) -> str:
        """Cast to ``float32`` or ``float64``.

        Parameters
        ----------
        x : str
            Name of what is taken.
        dtype : str
            ``float32`` or ``float64``.

        Returns
        -------
        str
            Name of the result.
        """
        return self.add("Cast", x, to=_TYPES[dtype])

    def cut(self, x: str, begin: int, end: int, axis: int) -> str:
        """Take a range of an axis.

        Parameters
        ----------
        x : str
            Name of what is taken.
        begin, end : int
            First place, and the one behind the last.
        axis : int
            Which axis.

        Returns
        -------
        str
            Name of the result.
        """
        whole = (self.constant(np.asarray([value], np.int64)) for value in (begin, end, axis))
        return self.add("Slice", x, *whole)

    def reshape(self, x: str, *shape: int) -> str:
        """Reshape; 0 keeps a length, -1 is what is left.

        Parameters
        ----------
        x : str
            Name of what is taken.
        *shape : int
            Length of each axis.

        Returns
        -------
        str
            Name of the result.
        """
        return self.add("Reshape", x, self.constant(np.asarray(shape, np.int64)))

    def take(self, x: str, index: Any, axis: int) -> str:
        """Take places of an axis; one place drops the axis.

        Parameters
        ----------
        x : str
            Name of what is taken.
        index : int or sequence of int
            Places.
        axis : int
            Which axis.

        Returns
        -------
        str
            Name of the result.
        """
        return self.add("Gather", x, self.constant(np.asarray(index, np.int64)), axis=axis)

    def widen(self, x: str, *axes: int) -> str:
        """Insert axes of length 1.

        Parameters
        ----------
        x : str
            Name of what is taken.
        *axes : int
            Where they are in the result.

        Returns
        -------
        str
            Name of the result.
        """
        return self.add("Unsqueeze", x, self.constant(np.asarray(axes, np.int64)))

    def model(
        self,
        inputs: Mapping[str, tuple[str, Sequence[Any]]],
        outputs: Mapping[str, tuple[str, Sequence[Any]]],
        doc: str,
    ) -> onnx.ModelProto:
        """Finish the model.

        Parameters
        ----------
        inputs, outputs : mapping of str to tuple
            Name -> dtype and shape; text in a shape is a length that may be any.
        doc : str
            What the model says of itself.

        Returns
        -------
        onnx.ModelProto
            Checked.
        """
        taken, given = (
            [helper.make_tensor_value_info(name, _TYPES[dtype], list(shape)) for name, (dtype, shape) in side.items()]
            for side in (inputs, outputs)
        )
        graph = helper.make_graph(self._nodes, "step", taken, given, initializer=self._initializers, doc_string=doc)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR, producer_name="statecast", doc_string=doc)
        onnx.checker.check_model(model, full_check=True)
        return model
