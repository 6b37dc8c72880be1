"""The encoder of a series on a grid: its own patches and its neighbours', read by a convolutional LSTM.

A neighbour is a numeric past covariate of the row, as the other variables of a system are, so that no row knows those
beside it in a batch. What is read of a neighbour is its last P values in the units of its covariate, and the calendar,
by weights that all neighbours share; the target is read as ``PatchEncoder`` reads it, in its own causal scale and
beside other covariates, so by weights of its own. A neighbour's value that is the training mean to the last digit
counts as missing, because that is how missing ones arrive (``statecast.inputs.covariates``).

Shapes: B rows, N positions, P patch length, D width, K nodes.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from statecast.config import ForecasterConfig
from statecast.errors import ConfigError
from statecast.inputs.spatial_grid import SpatialGrid
from statecast.layers.conv_lstm import ConvolutionalLSTM
from statecast.layers.patch_encoder import PatchEncoder, PatchInput


class GridEncoder(PatchEncoder):
    """Patches of all nodes to hidden vectors ``D`` of the target, with P phase states of all nodes.

    Parameters
    ----------
    config : ForecasterConfig
        The network's.

    Raises
    ------
    ConfigError
        If a name of the grid is not that of a numeric past covariate.
    """

    beside: Tensor
    others: Tensor

    def __init__(self, config: ForecasterConfig) -> None:
        spatial_grid = SpatialGrid(config.spatial_grid)
        past = {covariate.name: covariate for covariate in config.past_covariates}
        for name in spatial_grid.names:
            if name not in past:
                raise ConfigError(
                    f"spatial_grid: expected names of past covariates ({', '.join(past) or 'there are none'}), got "
                    f'{name!r}; name its column under past in [data] or with --past, or write "" there'
                )
            if past[name].levels:
                raise ConfigError(
                    f'spatial_grid: expected numbers, {name!r} has levels; give it as numbers or write "" there'
                )
        others = tuple(covariate for covariate in config.past_covariates if covariate.name not in spatial_grid.names)
        # Drawn as those of a network that knows no neighbours, so that the two can be compared.
        super().__init__(replace(config, spatial_grid=(), past_covariates=others))
        with torch.random.fork_rng(devices=[]):
            recurrent = ConvolutionalLSTM(spatial_grid, config.width, config.layers, config.dropout)
            calendar = config.known_width - config.user_known_width
            self.embed_beside = nn.Linear(2 * config.patch_length + calendar, config.width)
        recurrent.stack = self.recurrent.stack
        self.recurrent = recurrent
        self.config = config
        column, columns = 0, {}
        for name, covariate in past.items():
            columns[name] = column
            column += covariate.width
        beside = [columns[name] for name in spatial_grid.names]
        apart = [column for column in range(config.past_width + config.user_known_width) if column not in beside]
        for name, places in (("beside", beside), ("others", apart)):
            self.register_buffer(name, torch.tensor(places, dtype=torch.int64), persistent=False)

    def ablatable(self) -> dict[str, list[Tensor]]:
        """See ``PatchEncoder.ablatable``."""
        assert isinstance(self.recurrent, ConvolutionalLSTM)
        return {"neighbours on the grid": list(self.recurrent.sides.values())}

    def embedded(self, inputs: PatchInput) -> Tensor:
        """See ``PatchEncoder.embedded``: ``[B, N, K D]``, the target's first."""
        count = len(self.beside) + len(self.others)
        columns = inputs.covariates.unflatten(-1, (count, self.patch_length))
        target = super().embedded(inputs._replace(covariates=columns.index_select(2, self.others).flatten(2)))
        patches = columns.index_select(2, self.beside)
        calendar = inputs.calendar[:, :, None].expand(-1, -1, len(self.beside), -1)
        known = torch.cat([patches, (patches != 0).float(), calendar], dim=-1)
        beside = self.dropout(torch.relu(self.embed_beside(known)))
        return torch.cat([target, beside.flatten(2)], dim=-1)

    def every_step(self, embedded: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """See ``PatchEncoder.every_step``; the phase states are those of all nodes."""
        outputs, phases = super().every_step(embedded, hidden)
        return outputs[..., : self.config.width], phases

    def one_phase(self, embedded: Tensor, hidden: Tensor) -> Tensor:
        """See ``PatchEncoder.one_phase``."""
        return super().one_phase(embedded, hidden)[..., : self.config.width]
