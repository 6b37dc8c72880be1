"""``POST /forecast`` of whole series, answered straight on the connection."""

from service.errors import ServiceError
from service.histories.request import Answer, Client, HistoryRequest
from service.models.work_limits import check_reply, horizon_of, levels_of, timeout_of
from service.protocols.container import Container, Services
from service.protocols.forecast.histories.body import read_histories
from service.protocols.forecast.histories.json_reply import HistoryReply
from service.protocols.forecast.histories.placed import Placed, PlaceSeries
from service.serving.admission import timeout_in


class HistoryForecast:
    """Takes whole series without a session where they are plain.

    Parameters
    ----------
    container : Container
        Settings.
    place : callable
        See ``PlaceSeries``.
    """

    def __init__(self, container: Container, place: PlaceSeries) -> None:
        self._settings, self._place = container.settings, place

    def accept(self, body: bytes, client: Client, answer: Answer, services: Services) -> bool:
        """Take a request on.

        Parameters
        ----------
        body : bytes
            JSON, not compressed.
        client : Client
            Who sent it and when.
        answer : callable
            Called at most once with the reply, if True is given here.
        services : Services
            The loaded models.

        Returns
        -------
        bool
            False where the general way is to answer.
        """
        lane, timeout_ms = services.histories, timeout_in(body) or self._settings.default_timeout_ms
        # What could not be answered in time is not worth being read: its commas say about how much it is.
        refused = lane.refusal(body.count(b","), client.began + timeout_ms / 1e3)
        if refused is not None:
            answer(refused)
            return True
        request = self._request(body, client, answer, services)
        return request is not None and lane.accept(request)

    def _request(self, body: bytes, client: Client, answer: Answer, services: Services) -> HistoryRequest | None:
        settings, read = self._settings, read_histories(body)
        if read is None or len(read.series) > settings.max_series:
            return None
        options = read.options
        try:
            model = services.catalogue.resolve(options.model, "forecaster")
            config, horizon = model.config, horizon_of(options.horizon, model)
            levels = tuple(levels_of(options.levels, config, settings))
            check_reply(len(read.series), horizon, levels, settings)
            deadline = client.began + timeout_of(options.timeout_ms, settings) / 1e3
        except ServiceError:  # which the general way words
            return None
        lengths = [len(series.values) for series in read.series]
        if max(lengths) > settings.max_history or sum(lengths) > settings.max_values:
            return None
        if not services.histories.takes(model, config):
            return None
        placed: list[Placed] = []
        for series in read.series:
            one = self._place(series, model, horizon)
            if one is None or (placed and one.history.model != placed[0].history.model):
                return None
            placed.append(one)
        histories, trained = [one.history for one in placed], config.quantile_levels
        reply = HistoryReply(placed, model, levels)
        return HistoryRequest(histories, horizon, levels, trained, client, deadline, reply, answer)
