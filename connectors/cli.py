"""``python -m connectors kafka|mqtt|redis``: options, and a process around the loop."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Any

from connectors.broker import Broker
from connectors.brokers.registry import brokers
from connectors.errors import ConnectorError, Undrained
from connectors.forecasting import Forecasting
from connectors.messages.covariates import NeededCovariates
from connectors.messages.message_format import INDEX, SESSION, TARGET, TIMESTAMP, MessageFormat
from connectors.observation import Observation
from connectors.options import Options, names, numbers
from connectors.progress import Progress
from connectors.shutdown import Shutdown
from connectors.stream import Stream
from statecast.client import AsyncClient, Retries
from statecast.errors import StatecastError
from statecast.time.frequency import Frequency

_log = logging.getLogger(__name__)
_REQUEST = ("model", "horizon", "quantile_levels", "missing", "anomaly_level", "on_conflict", "on_model_change")


def main(arguments: Sequence[str]) -> int:
    """Run a connector until it is stopped.

    Parameters
    ----------
    arguments : sequence of str
        Behind ``python -m connectors``.

    Returns
    -------
    int
        0 after an orderly end, 1 if it could not go on, 2 if it could not start.
    """
    if not arguments or arguments[0].startswith("-"):
        known = "\n".join(f"  {name:<8}{brokers[name].summary}" for name in brokers.names())
        sys.stderr.write(f"usage: python -m connectors BROKER [options]; --help behind a broker lists them\n{known}\n")
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    try:
        kind = brokers[arguments[0]]
        chosen = options_of(kind).parse_args(arguments[1:])
        broker, form = kind.of(chosen), format_of(chosen)
    except StatecastError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(_run(broker, form, chosen))
    except Undrained as error:
        _log.warning("%s", error)
    except ConnectorError as error:
        _log.error("%s", error)
        return 1
    return 0


def options_of(kind: type[Broker]) -> argparse.ArgumentParser:
    """Declare the options of a broker and those that all have.

    Parameters
    ----------
    kind : type of Broker
        Which.

    Returns
    -------
    ArgumentParser
        Ready to parse.
    """
    parser = argparse.ArgumentParser(f"python -m connectors {kind.name}", description=kind.summary)
    options = Options(parser)
    kind.declare(options)
    declare_common(options)
    return parser


def declare_common(options: Options) -> None:
    """Declare the options that all brokers have.

    Parameters
    ----------
    options : Options
        Takes them.
    """
    options.add("--url", "Address of the service.", default="http://127.0.0.1:8000")
    options.add("--api-key", "Key, where the service has keys on.")
    options.add("--model", "Model; left out, the server's default.")
    options.add("--horizon", "Steps ahead; left out, the model's.", kind=int)
    options.add("--quantile-levels", "Levels between commas; left out, the model's.", kind=numbers)
    options.add("--freq", "Step of the series, such as 1h or 15min.")
    options.add("--season", "Steps per season of new sessions.", kind=int)
    options.add("--missing", "How gaps are filled: mask, ffill, linear or error.")
    options.add("--anomaly-level", "Mark values outside of this central per cent of their forecast.", kind=float)
    options.add("--on-conflict", "Late and corrected values: error, or replay to put them in their place.")
    options.add("--on-model-change", "Sessions of an older version: error, or reprime to go on with the new one.")
    options.add("--session-field", "Fields that name the session.", default=SESSION, kind=names)
    options.add("--timestamp-field", "Fields of the time.", default=TIMESTAMP, kind=names)
    options.add("--target-field", "Fields of the value.", default=TARGET, kind=names)
    options.add("--index-field", "Fields of an index, where there are no times.", default=INDEX, kind=names)
    options.add("--past-covariates", "Covariates that every message has to have.", default=(), kind=names)
    options.add("--future-covariates", "Likewise, known ahead.", default=(), kind=names)
    options.add("--static-covariates", "Likewise, of the series.", default=(), kind=names)
    options.add("--timestamp-unit", "Unit of times that are numbers since 1970: s or ms.")
    options.add(
        "--times", "Off the steps of --freq: exact refuses them, floor cuts them down.", default="exact", kind=times
    )
    options.add("--session-prefix", "Put before the name of each session.", default="")
    options.add("--batch", "Messages taken together at most.", default=512, kind=int)
    options.add("--report-s", "Seconds from one line of progress to the next.", default=10.0, kind=float)
    options.add("--drain-s", "Seconds that what is in hand may take after SIGTERM.", default=20.0, kind=float)
    options.add("--until-idle-s", "Stop where nothing has come for so many seconds.", kind=float)


def times(text: str) -> str:
    """Read what becomes of times off the steps.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    str
        The same.
    """
    if text not in ("exact", "floor"):
        raise ValueError(f"expected exact or floor, got {text!r}")
    return text


async def _run(broker: Broker, form: MessageFormat, chosen: argparse.Namespace) -> None:
    shutdown, progress = Shutdown(chosen.drain_s), Progress(chosen.report_s)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shutdown.request)

    async def identify(observations: Sequence[Observation]) -> list[str]:
        return await broker.identify([one.delivery for one in observations])

    # What has a time is known again by it; an Idempotency-Key beside it would only keep a request off the short way.
    options: dict[str, Any] = {"retries": Retries(most=3), "idempotency_keys": False}
    async with AsyncClient(chosen.url, chosen.api_key, **options) as client:
        request = {name: value for name in _REQUEST if (value := getattr(chosen, name)) is not None}
        stream = Stream(
            broker,
            Forecasting(client, request, chosen.season, identify, shutdown),
            form,
            progress,
            shutdown,
            chosen.batch,
        )
        await stream.run(chosen.until_idle_s)


def format_of(chosen: argparse.Namespace) -> MessageFormat:
    """Say how messages are read.

    Parameters
    ----------
    chosen : Namespace
        What ``options_of`` declares.

    Returns
    -------
    MessageFormat
        As it says.

    Raises
    ------
    StatecastError
        If there is no such freq, or none where one is needed: each message would become a dead letter.
    """
    freq = None if chosen.freq is None else Frequency.parse(chosen.freq)
    if chosen.times == "floor" and freq is None:
        raise ConnectorError("times: expected --freq beside --times floor, got none; say the step, such as --freq 1min")
    return MessageFormat(
        chosen.session_field,
        chosen.timestamp_field,
        chosen.target_field,
        chosen.index_field,
        chosen.session_prefix,
        chosen.freq,
        chosen.timestamp_unit,
        freq if chosen.times == "floor" else None,
        NeededCovariates(chosen.past_covariates, chosen.future_covariates, chosen.static_covariates),
    )
