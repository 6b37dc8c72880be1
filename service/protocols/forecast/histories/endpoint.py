"""``POST /forecast`` of whole series, answered straight on the connection."""

from service.histories.request import DecliningClient, HistoryRequest
from service.models.terms import terms_of
from service.protocols.container import Container, Services
from service.protocols.forecast.histories.body import read_histories
from service.protocols.forecast.histories.json_reply import HistoryReply
from service.protocols.forecast.histories.placed import Placed, PlaceSeries
from service.serving.admission import timeout_in
from service.serving.client import Answer


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

    def accept(self, body: bytes, client: DecliningClient, answer: Answer, services: Services) -> bool:
        """Take a request on.

        Parameters
        ----------
        body : bytes
            JSON, not compressed.
        client : DecliningClient
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

    def _request(
        self, body: bytes, client: DecliningClient, answer: Answer, services: Services
    ) -> HistoryRequest | None:
        settings, read = self._settings, read_histories(body)
        if read is None or len(read.series) > settings.max_series:
            return None
        terms = terms_of(read.options, len(read.series), client.began, services.catalogue, settings)
        if terms is None:
            return None
        model, horizon, levels, deadline = terms
        config = model.config
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
        exponents, reply = model.member(placed[0].season).tail_exponents, HistoryReply(placed, model, levels)
        return HistoryRequest(histories, horizon, levels, trained, exponents, client, deadline, reply, answer)
