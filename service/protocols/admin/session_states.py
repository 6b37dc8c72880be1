"""``/sessions/{id}/state``, which a session leaves and enters a server by, and ``/sessions/{id}/branch``."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, Field
from starlette.requests import ClientDisconnect

from service.codecs.faults import raise_faults
from service.codecs.field_types import SessionId, session_fault
from service.codecs.if_match import read_if_match
from service.codecs.json_document import parse_object
from service.codecs.members import members_of
from service.codecs.schema import Schema
from service.errors import Fault, Malformed, UnknownContent, Unprocessable
from service.http.body import JSON, content_kind, read_body
from service.http.compression import decompress
from service.protocols.admin import schemas
from service.protocols.admin.sessions import PathId
from service.protocols.container import container_of
from service.protocols.openapi import IF_MATCH, failures
from service.threads import DECODING

router = APIRouter(tags=["sessions"])
STATE = "application/octet-stream"
_FILE = {"schema": {"type": "string", "format": "binary", "description": "Safetensors with a signed header."}}


@dataclass(eq=False, kw_only=True)
class BranchRequest:
    """Body of ``POST /sessions/{id}/branch``."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: Annotated[SessionId, Field(description="Id of the copy.")]


_BRANCH = Schema(BranchRequest, lambda: BranchRequest(id=""))


async def _body(request: Request) -> bytes:
    """Read a body, unpacked, within the limits of the settings."""
    headers, limit = dict(request.scope["headers"]), container_of(request).settings.max_body_bytes
    encoding = headers.get(b"content-encoding", b"").decode("latin-1")
    try:
        body = await read_body(headers, request.receive, limit)
    except ClientDisconnect:
        raise Malformed("body: it is cut off; send it whole") from None
    return await DECODING.run(decompress, body, encoding, limit) if encoding else body


Body = Annotated[bytes, Depends(_body)]


@router.get(
    "/sessions/{id}/state",
    response_class=Response,
    responses={200: {"content": {STATE: _FILE}}, **failures(404, 409, 410, 503)},
)
async def export_session(request: Request, id: PathId) -> Response:
    """A session as a file, to be imported here or elsewhere; the header ``ETag`` is its digest.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    """
    digest, data = await container_of(request).loaded().sessions.export(id, request.state.owner)
    return Response(data, media_type=STATE, headers={"ETag": f'"{digest}"'})


@router.put(
    "/sessions/{id}/state",
    response_model=schemas.SessionDetails,
    responses=failures(400, 409, 410, 412, 413, 415, 422, 503),
    openapi_extra={"parameters": [IF_MATCH], "requestBody": {"required": True, "content": {STATE: _FILE}}},
)
async def import_session(request: Request, id: PathId, body: Body) -> Any:
    """Take a session from a file that a server with the same secret exported, under any id.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Id that the session will have, as the path has it.
    body : bytes
        The file.
    """
    sessions = container_of(request).loaded().sessions
    if (fault := session_fault(id)) is not None:
        raise Unprocessable(f"id: {fault}", faults=[Fault(("path", "id"), fault)])
    match = read_if_match(dict(request.scope["headers"]).get(b"if-match"))
    return await sessions.restore(id, request.state.owner, body, match)


@router.post(
    "/sessions/{id}/branch",
    response_model=schemas.SessionDetails,
    responses=failures(400, 404, 409, 410, 413, 415, 422, 503),
    openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": _BRANCH.described}}}},
)
async def branch_session(request: Request, id: PathId, body: Body) -> Any:
    """Copy a session under a new id, to see what would come if; both go on by themselves.

    Parameters
    ----------
    request : Request
        Its app holds the container.
    id : str
        Of the session, as the path has it.
    body : bytes
        JSON with the ``id`` of the copy.
    """
    sessions = container_of(request).loaded().sessions
    kind = content_kind(dict(request.scope["headers"]))
    if kind != JSON:
        raise UnknownContent(f"Content-Type: expected {JSON}, got {kind}; set the header")
    faults: list[Fault] = []
    members = members_of(parse_object(body), faults)
    wanted, wrong = _BRANCH.read(members)
    raise_faults([*faults, *wrong])
    return await sessions.branch(id, wanted.id, request.state.owner)
