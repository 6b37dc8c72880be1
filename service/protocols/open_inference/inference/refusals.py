"""What the protocol has and this server has not: refused by name, with what to do instead."""

from service.errors import Unprocessable

LOADING = (
    "models: this server loads models as it starts, from STATECAST_ARTIFACTS; put the artifact there, or take it away, "
    "and start the server again"
)
SHARED_MEMORY = (
    "shared memory: this server shares none; send tensors in the request, as set_data_from_numpy of the client does"
)
TRACE = "trace and log settings: this server has none that requests change; see GET /metrics"


def unsupported(reason: str) -> Unprocessable:
    """Make the refusal of what this server has not.

    Parameters
    ----------
    reason : str
        One of those above.

    Returns
    -------
    Unprocessable
        Not raised yet.
    """
    return Unprocessable(reason, code="unsupported")
