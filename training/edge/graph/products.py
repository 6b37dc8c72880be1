"""The matrix products of a graph, with float32 weights or with int8 ones and a scale per row."""

from collections.abc import Mapping

from training.edge.exportable.network_weights import NetworkWeights
from training.edge.exportable.quantization import IntegerProduct, quantize_all
from training.edge.graph.builder import GraphBuilder


class Products:
    """Products by the names of ``NetworkWeights.products``.

    Parameters
    ----------
    builder : GraphBuilder
        Builds the graph that they are added to.
    weights : NetworkWeights
        The network's.
    integer : bool
        Whether weights are kept as int8; what is computed is float32 either way.
    """

    def __init__(self, builder: GraphBuilder, weights: NetworkWeights, integer: bool) -> None:
        self._builder, self._weights = builder, weights
        self._integer: Mapping[str, IntegerProduct] = quantize_all(weights) if integer else {}
        self._made: dict[str, str] = {}

    def add(self, name: str, x: str) -> str:
        """Add ``weight x + bias``.

        Parameters
        ----------
        name : str
            Which product.
        x : str
            ``[..., K]`` float32.

        Returns
        -------
        str
            ``[..., N]``.
        """
        builder, bias = self._builder, self._weights.products[name].bias
        product = builder.add("MatMul", x, self._weight(name))
        return builder.add("Add", product, builder.constant(bias)) if bias.any() else product

    def _weight(self, name: str) -> str:
        """The weights ``[K, N]``."""
        if name not in self._made:
            builder = self._builder
            if name in self._integer:
                product = self._integer[name]
                # Not DequantizeLinear: onnxruntime takes that as leave to round activations too, which costs digits.
                whole = builder.cast(builder.constant(product.weight.T), "float32")
                self._made[name] = builder.add("Mul", whole, builder.constant(product.scale))
            else:
                self._made[name] = builder.constant(self._weights.products[name].weight.T)
        return self._made[name]
