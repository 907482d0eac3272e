"""Files on HTTP: sent and fetched as streams, checked by SHA-256, one range at a time."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from flask import Response, current_app, request
from flask_smorest import Blueprint

from api.answers import body, conditional, expected_stages, json_answer
from api.context import actor, frame, now, parts
from api.file_pages import files_page
from api.guard import FILE_POLICY, WholeBody
from api.itemjson import file_json
from api.known_bytes import known_as_json
from api.negotiation import HTML, JSON, choose
from api.operations import IF_MATCH, operation, query_parameter
from api.parameters import whole_number
from catalog.domain.errors import Busy, LengthRequired, NotAcceptable, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action
from catalog.domain.record import FileRecord
from catalog.services.browse_files import browse_files
from catalog.services.download import Span, find_file, list_files, read_file, span_of
from catalog.services.upload import Expected, Upload, remove_file, upload

blueprint = Blueprint("files", __name__, description="The files of an item")

_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_ANY = {"application/octet-stream": {"type": "string", "format": "binary"}}
_FILE = "/items/<string:id>/files/<path:name>"
_FILE_OF_VERSION = "/items/<string:id>/v/<version:n>/files/<path:name>"
_FILES_A_PAGE = 100
_STRAIGHT_FROM_BYTES = 8 << 20
_STRAIGHT_SECONDS = 300


class Transfers:
    """How many requests may move bytes at once, so that slow clients leave threads to others."""

    def __init__(self, most: int) -> None:
        self._free = BoundedSemaphore(most)

    def enter(self) -> None:
        """Take a place, or raise Busy."""
        if not self._free.acquire(timeout=2):
            raise Busy("Too many files are on their way; try again in a moment.")

    def leave(self) -> None:
        """Give the place back."""
        self._free.release()

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Have a place while the block runs, or raise Busy."""
        self.enter()
        try:
            yield
        finally:
            self.leave()


class Passing:
    """The chunks of a file on their way out; gives its place back however the client goes."""

    def __init__(self, chunks: Iterator[bytes], transfers: Transfers) -> None:
        self._chunks = chunks
        self._transfers: Transfers | None = transfers

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """End it; servers call this when the answer is sent or the client is gone."""
        transfers, self._transfers = self._transfers, None
        if transfers is not None:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
            transfers.leave()


def transfers() -> Transfers:
    """Return those of this application."""
    return cast(Transfers, current_app.extensions["transfers"])


_PUT: dict[str, Any] = {
    "methods": ("PUT",),
    "takes": _ANY,
    "answers": {200: "Replaced", 201: "Kept"},
    "forms": (JSON,),
    "parameters": (IF_MATCH,),
    "problems": (401, 403, 404, 409, 410, 411, 412, 413, 422, 507),
}


@operation(blueprint, _FILE, Action.WRITE, **_PUT)
@operation(blueprint, _FILE_OF_VERSION, Action.WRITE, **_PUT)
def put_file(id: str, name: str, n: int | None = None) -> Response:
    """Keep a file of a draft."""
    if "Content-Range" in request.headers:
        raise NotAcceptable("Send the file whole; parts of one are not taken here.")
    if request.content_length is None:
        raise LengthRequired("Send Content-Length, so that a cut file is not taken for a whole.")
    sent = Upload(
        name=name,
        source=cast(BinaryIO, WholeBody(request.environ["wsgi.input"], request.content_length)),
        size_bytes=request.content_length,
        sha256=announced(),
        media_type=request.mimetype or None,
    )
    with transfers().moving():
        kept = upload(parts(), actor(), id, sent, expected=_expected(), now=now(), n=n)
    answer = file_json(kept.record, kept.file, parts().settings.base)
    answer["known_as"] = known_as_json(kept.record, kept.file)
    response = json_answer(answer, 201 if kept.new else 200)
    response.headers["Location"] = answer["url"]
    response.headers["X-Item-ETag"] = f'"{kept.record.stage}"'
    response.set_etag(kept.file.sha256)
    return response


def _expected() -> Expected:
    absent = request.headers.get("If-None-Match", "").strip() == "*"
    return Expected(expected_stages(), absent)


def announced() -> str | None:
    """Return the SHA-256 that the request announces, as lower-case hex; None where it does not."""
    plain = request.headers.get("X-Checksum-Sha256")
    if plain is not None:
        if not _HEX.fullmatch(plain.strip()):
            raise Unreadable("X-Checksum-Sha256 is 64 hexadecimal digits.")
        return plain.strip().lower()
    header = request.headers.get("Content-Digest")
    found = _DIGEST.search(header) if header else None
    if found is None:
        return None
    try:
        digest = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 32:
        raise Unreadable("Content-Digest says sha-256=:…: with 32 bytes in base64 (RFC 9530).")
    return digest.hex()


_GET: dict[str, Any] = {
    "answers": {
        200: "The bytes",
        206: "A part of the bytes",
        304: "Not changed",
        307: "Where the store gives them, for a few minutes",
    },
    "forms": ("application/octet-stream",),
    "problems": (401, 403, 404, 410, 416),
    "parameters": (
        {"in": "header", "name": "Range", "schema": {"type": "string"}},
        {
            "in": "header",
            "name": "Prefer",
            "description": "redirect: to be sent on to the store, where that is possible.",
            "schema": {"type": "string"},
        },
    ),
}


@operation(blueprint, _FILE, Action.READ_FILE, **_GET)
@operation(blueprint, _FILE_OF_VERSION, Action.READ_FILE, **_GET)
def get_file(id: str, name: str, n: int | None = None) -> Response:
    """Fetch a file, of the newest version that the caller sees or of one version."""
    record, file = find_file(parts(), actor(), id, name, n)
    response = _described(file)
    page = item_iri(record.id, parts().settings.base) + (f"/v/{n}" if n is not None else "")
    response.headers.add("Link", f'<{page}>; rel="collection"; type="{HTML}"')
    if conditional(response).status_code == 304:
        return response
    if request.method == "GET" and (elsewhere := _straight(file, response)) is not None:
        return elsewhere
    span = _range(file)
    if span is not None:
        response.status_code = 206
        response.headers["Content-Length"] = str(span.length)
        response.headers["Content-Range"] = f"bytes {span.start}-{span.end}/{file.size_bytes}"
        del response.headers["Content-Digest"]
    if request.method == "GET":
        response.response = _passing(file, span)
    return response


def _straight(file: FileRecord, described: Response) -> Response | None:
    """Return where the store itself gives the bytes; None where they go through here.

    Only on demand, of the request or of the settings: many clients would send the token there too.
    """
    asked = parts().settings.s3_redirect or "redirect" in _preferences()
    if not asked or file.size_bytes < _STRAIGHT_FROM_BYTES:
        return None
    address = parts().objects.address(
        file.key,
        media_type=file.media_type,
        disposition=described.headers["Content-Disposition"],
        seconds=_STRAIGHT_SECONDS,
    )
    if address is None:
        return None
    response = Response(status=307, headers={"Location": address, "Cache-Control": "no-store"})
    response.set_etag(file.sha256)
    response.vary.add("Prefer")
    if "redirect" in _preferences():
        response.headers["Preference-Applied"] = "redirect"
    return response


def _preferences() -> set[str]:
    said = ",".join(request.headers.getlist("Prefer"))
    return {word.strip().lower() for word in said.split(",")}


def _passing(file: FileRecord, span: Span | None) -> Passing:
    places = transfers()
    places.enter()
    try:
        return Passing(read_file(parts(), file, span), places)
    except BaseException:
        places.leave()
        raise


def _range(file: FileRecord) -> Span | None:
    """Return the one range asked for; None where it is the whole file that is due.

    RFC 9110 lets a server ignore ranges that it does not do, and has ranges for GET alone.
    """
    header = request.headers.get("Range")
    if header is None or request.method != "GET":
        return None
    found = _ONE_RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    condition = request.headers.get("If-Range")
    if condition is not None and condition != f'"{file.sha256}"':
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is not None and last is not None and last < first:
        return None
    return span_of(file.size_bytes, first, last)


def _described(file: FileRecord) -> Response:
    """Return an answer with all that is said about a file, its bytes yet to come."""
    response = Response(status=200, content_type=file.media_type)
    response.set_etag(file.sha256)
    response.last_modified = file.created
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(file.size_bytes)
    response.headers["Content-Digest"] = f"sha-256=:{digest}:"
    response.headers["Content-Disposition"] = _disposition(file.name)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _disposition(name: str) -> str:
    """Return a header that saves the file under its last segment (RFC 6266), never shows it."""
    last = name.rsplit("/", 1)[-1]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ ()+-]", "_", plain).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(last, safe='')}"


_DELETE: dict[str, Any] = {
    "methods": ("DELETE",),
    "answers": {204: "Removed"},
    "parameters": (IF_MATCH,),
    "problems": (401, 403, 404, 409, 410, 412),
}


@operation(blueprint, _FILE, Action.WRITE, **_DELETE)
@operation(blueprint, _FILE_OF_VERSION, Action.WRITE, **_DELETE)
def delete_file(id: str, name: str, n: int | None = None) -> Response:
    """Remove a file of a draft."""
    remove_file(parts(), actor(), id, name, expected=_expected(), now=now(), n=n)
    return Response(status=204)


_LIST: dict[str, Any] = {
    "answers": {200: "A page of files"},
    "forms": (JSON, HTML),
    "problems": (401, 404, 406, 410),
    "parameters": (
        query_parameter("folder", "What lies in a folder: folders and files, by name."),
        query_parameter("prefix", "Files whose whole names begin so, in any case."),
        query_parameter("cursor", "Where the page begins: `next` of the page before."),
        query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 100}),
    ),
}


@operation(blueprint, "/items/<string:id>/files", Action.READ, **_LIST)
@operation(blueprint, "/items/<string:id>/v/<version:n>/files", Action.READ, **_LIST)
def list_item_files(id: str, n: int | None = None) -> Response:
    """List the files, of the newest version that the caller sees or of one version, by name."""
    limit = whole_number("limit", _FILES_A_PAGE, least=1, most=_FILES_A_PAGE)
    form = choose((JSON, HTML))
    cursor = request.args.get("cursor")
    folder, prefix = request.args.get("folder"), request.args.get("prefix") or None
    if form == JSON and folder is None and prefix is None:
        return _flat(id, n, cursor, limit)
    found = browse_files(
        parts(),
        actor(),
        id,
        folder=folder or "",
        prefix=prefix,
        cursor=cursor,
        limit=limit,
        n=n,
    )
    if form == HTML:
        return body(files_page(frame(), found=found, n=n, prefix=prefix, cursor=cursor), HTML)
    base = parts().settings.base
    folders = [{"name": one.name, "files_total": one.files_total} for one in found.folders]
    files = [file_json(found.record, file, base) for file in found.files]
    return json_answer(
        {"folders": folders, "files": files, "total": found.total, "next": found.next}
    )


def _flat(id: str, n: int | None, cursor: str | None, limit: int) -> Response:
    page = list_files(parts(), actor(), id, cursor=cursor, limit=limit, n=n)
    base = parts().settings.base
    files = [file_json(page.record, file, base) for file in page.files]
    return json_answer({"files": files, "total": page.total, "next": page.next})
