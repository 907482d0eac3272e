"""Sensor blobs at the addresses of Sage's object store, for what the catalog describes of them."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final, cast

from flask import Response, current_app, request
from flask_smorest import Blueprint

from api.context import SAFE_METHODS, actor, actor_by, parts
from api.files import Passing, Transfers
from api.guard import FILE_POLICY
from api.operations import operation
from api.storage_v1_answers import DATA, Refused
from catalog.domain.blobs import BlobPath, blob_path
from catalog.domain.errors import NotFound, Unauthenticated
from catalog.domain.identifiers import item_iri, quoted
from catalog.domain.permissions import ANYONE, Action, Actor
from catalog.domain.record import FileRecord
from catalog.services.blobs import Found, find_blob
from catalog.services.download import read_file

blueprint = Blueprint("blobs", __name__, description="Blobs of Sage's object store")

_LIFE_SECONDS: Final = 60
_ROUTE: dict[str, Any] = {
    "answers": {200: "The bytes", 307: "Where the bytes are"},
    "forms": ("application/octet-stream",),
    "problems": (401, 404),
}


@operation(blueprint, f"{DATA}<path:place>", Action.READ_FILE, **_ROUTE)
def get(place: str) -> Response:  # noqa: ARG001 - a slash at its end counts
    """Fetch a blob, or see how large it is."""
    path = blob_path(request.path.removeprefix(DATA))
    try:
        found = find_blob(parts(), _caller(), path)
    except NotFound:
        raise Refused(404, "not found") from None
    response = Response(content_type="application/octet-stream")
    _describe(response, path)
    if request.method == "HEAD":
        if found.size_bytes is not None:
            response.headers["Content-Length"] = str(found.size_bytes)
        return response
    if not found.is_open:
        raise Refused(401, "not authorized")
    return _sent(response, found)


def _caller() -> Actor:
    """Return who asks: by a token in any of the ways in which Sage's downloads take one."""
    header = request.headers.get("Authorization")
    if not header:
        return ANYONE if header is not None else actor()
    scheme, _, said = header.partition(" ")
    token = _password(said) if scheme.lower() == "basic" else said.strip()
    if scheme.lower() not in {"basic", "bearer", "sage", "token"} or not token:
        raise Refused(401, "not authorized")
    try:
        return actor_by(token, fresh=request.method not in SAFE_METHODS)
    except Unauthenticated:
        raise Refused(401, "not authorized") from None


def _password(said: str) -> str:
    """Return the password of `user:password` in base64; "" where that is none."""
    try:
        return base64.b64decode(said.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _describe(response: Response, path: BlobPath) -> None:
    response.headers["Content-Disposition"] = f"attachment; filename={path.file_name}"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Access-Control-Allow-Origin"] = "*"


def _sent(response: Response, found: Found) -> Response:
    """Return the bytes, or where they are.

    Of what everybody may fetch that is an address of the file; a client that had to say who it is
    could not do so again there, and gets the bytes at once.
    """
    target = _target(response, found)
    if target is not None:
        response.status_code = 307
        response.headers["Location"] = target
        response.headers["Cache-Control"] = "no-store"
        return response
    file = cast(FileRecord, found.file)
    response.headers["Content-Length"] = str(file.size_bytes)
    response.content_type = file.media_type
    response.response = _passing(file)
    return response


def _target(response: Response, found: Found) -> str | None:
    if found.file is None:
        return found.address
    presigned = parts().objects.address(
        found.file.key,
        media_type=found.file.media_type,
        disposition=response.headers["Content-Disposition"],
        seconds=_LIFE_SECONDS,
    )
    if presigned is not None or "Authorization" in request.headers:
        return presigned
    record = found.record
    base = item_iri(record.id, parts().settings.base)
    return f"{base}/v/{record.version}/files/{quoted(found.file.name)}"


def _passing(file: FileRecord) -> Iterator[bytes]:
    transfers = cast(Transfers, current_app.extensions["transfers"])
    transfers.enter()
    try:
        return Passing(read_file(parts(), file), transfers)
    except BaseException:
        transfers.leave()
        raise
