"""Sage's storage API v1, as its clients know it: buckets, their permissions and their files."""

import re
import secrets
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, cast

from flask import Response, current_app, request
from flask_smorest import Blueprint

from api.context import now, parts
from api.files import Passing, Transfers
from api.guard import FILE_POLICY
from api.negotiation import JSON
from api.operations import operation, query_parameter
from api.storage_v1_answers import API, OBJECTS, UNKNOWN, Refused, answer, plain
from api.storage_v1_asking import (
    body,
    caller,
    check_length,
    path_in,
    raw_query,
    read_away,
    texts,
    whole_number,
)
from api.storage_v1_forms import bucket_json, grant_json, line_json, listing_json
from api.storage_v1_multipart import BadPart, FirstPart, NoMultipart, boundary_of
from api.storage_v1_sniffing import LOOKED_AT, media_type_of
from catalog.domain.buckets import Grant, Taken
from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    NoSpace,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import FileRecord
from catalog.services.buckets_create import Asked, create_bucket, is_bucket_type
from catalog.services.buckets_delete import delete_bucket, delete_key
from catalog.services.buckets_find import list_buckets, read_bucket
from catalog.services.buckets_list import MOST_KEYS, list_keys
from catalog.services.buckets_read import find_key
from catalog.services.buckets_rename import check_may_rename, rename_bucket
from catalog.services.buckets_share import check_may_share, grant, list_grants, take_back
from catalog.services.buckets_write import Sent, check_may_write, put_key
from catalog.services.download import Span, read_file, span_of

blueprint = Blueprint("storage_v1", __name__, description="Sage's storage API v1")

_BUCKET: Final = f"{OBJECTS}/<string:bucket>"
_KEY: Final = f"{OBJECTS}/<string:bucket>/<path:key>"
_EVERY: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_STATUSES: Final = {200: "As asked for"}
_FAILED: Final = "Upload to S3 backend failed"
_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)
_ANY: Final = {"application/octet-stream": {"type": "string", "format": "binary"}}
_FORM: Final = {"multipart/form-data": {"type": "object"}}


@operation(blueprint, f"{API}/", Action.OPEN, methods=_EVERY, forms=("text/plain",))
def index() -> Response:
    """Say what there is at this address."""
    if request.path == API:
        return plain("404 page not found\n", 404)
    return plain('{"id": "SAGE object store","available_resources":["objects"]}\n')


# -- buckets


@operation(
    blueprint,
    OBJECTS,
    Action.CREATE,
    methods=("POST",),
    answers=_STATUSES,
    forms=(JSON,),
    parameters=(
        query_parameter("type", "A term of the vocabulary bucket-type."),
        query_parameter("name", "At most 64 characters."),
        query_parameter("public", "`true` or `1`: everybody who has the address may read."),
    ),
)
def create() -> Response:
    """Create a bucket."""
    _check_known(OBJECTS)
    who = caller()
    kind = request.args.get("type")
    if kind is None:
        raise Refused(500, "Field type not found%!(EXTRA string=)")
    if not kind:
        raise Refused(500, "Field type is empty%!(EXTRA string=)")
    if not is_bucket_type(parts().library, kind):
        raise Refused(500, f"Data type {kind} not supported")
    is_public = request.args.get("public") in {"true", "1"}
    asked = Asked(kind, request.args.get("name", ""), is_public)
    try:
        made = create_bucket(parts(), who, asked, now=now())
    except Unauthenticated:
        raise Refused(500, "bucket creation failed: username empty") from None
    except Forbidden:
        raise
    except CatalogError as fault:
        raise Refused(500, f"bucket creation failed: {fault.detail}") from fault
    return answer(bucket_json(made))


@operation(
    blueprint,
    OBJECTS,
    Action.LIST,
    answers=_STATUSES,
    forms=(JSON,),
    parameters=(
        query_parameter("owner", "Whose buckets."),
        query_parameter("name", "Of which name."),
    ),
)
def index_of_buckets() -> Response:
    """List the buckets that the caller may read."""
    _check_known(OBJECTS)
    asked = {name: request.args.get(name, "") for name in ("owner", "name")}
    found = list_buckets(parts(), caller(), owner=asked["owner"], name=asked["name"])
    return answer([line_json(bucket) for bucket in found])


def _check_known(path: str) -> None:
    """Refuse an address that the storage API does not know, though it is nearly one of its own."""
    if request.path != path:
        raise Refused(500, UNKNOWN)


_GET: dict[str, Any] = {
    "answers": _STATUSES,
    "forms": (JSON, "application/octet-stream"),
    "problems": (401, 416),
    "parameters": (
        query_parameter("permissions", "Of a bucket: list who may do what."),
        query_parameter("recursive", "Of a folder: list what is in its folders as well."),
        query_parameter("limit", "Of a folder: how many at most.", {"type": "integer"}),
        query_parameter("ContinuationToken", "Of a folder: where the page begins."),
        {"in": "header", "name": "Range", "schema": {"type": "string"}},
    ),
}


@operation(blueprint, _BUCKET, Action.READ_FILE, **_GET)
@operation(blueprint, _KEY, Action.READ_FILE, **_GET)
def get(bucket: str, key: str = "") -> Response:  # noqa: ARG001 - a slash at its end counts
    """Show a bucket, list a folder in it (a slash at the end), or fetch a file."""
    who = caller()
    check_length(bucket)
    path, query = path_in(bucket), raw_query().lower()
    if not path and "permissions" in query:
        found = list_grants(parts(), who, bucket)
        return answer([grant_json(one) for one in found])
    if not path:
        return answer(bucket_json(read_bucket(parts(), who, bucket)))
    if path.endswith("/"):
        return _listed(who, bucket, path, "recursive" in query and "recursive=false" not in query)
    return _file(who, bucket, path[1:])


def _listed(who: Actor, bucket: str, path: str, recursive: bool) -> Response:
    after = request.args.get("ContinuationToken", "")
    folder, limit = path[1:], whole_number("limit")
    try:
        found = list_keys(
            parts(), who, bucket, folder, recursive=recursive, limit=limit, after=after
        )
    except Unreadable as fault:
        if fault.evidence.get("parameter") != "cursor":
            raise
        place = f"sageBucketID: {bucket}, sagePath: {path}"
        why = "svc.ListObjectsV2 returned InvalidArgument: The continuation token is incorrect"
        raise Refused(500, f"error listing bucket contents ({place}): {why}") from None
    most = min(limit, MOST_KEYS) if limit > 0 else MOST_KEYS
    return answer(listing_json(found, bucket, recursive=recursive, most=most, after=after))


_PUT: dict[str, Any] = {
    "methods": ("PUT",),
    "answers": _STATUSES,
    "forms": (JSON,),
    "problems": (401,),
}


@operation(blueprint, _BUCKET, Action.SHARE, takes=_ANY, **_PUT)
def put_bucket(bucket: str) -> Response:
    """Grant a right on a bucket, or keep a file in it (a slash at the end)."""
    if path_in(bucket):
        return put(bucket)
    who = caller()
    if "permission" not in raw_query():
        raise Refused(401, "Only query ?permissions supported")
    check_may_share(parts(), who, bucket)
    said = texts(("granteeType", "grantee", "permission"), "main.SAGEBucketPermission")
    wanted = Grant(*(said.get(name, "") for name in ("granteeType", "grantee", "permission")))
    grant(parts(), who, bucket, wanted, now=now())
    return answer(grant_json(wanted))


@operation(blueprint, _KEY, Action.WRITE, takes=_FORM, **_PUT)
def put(bucket: str, key: str = "") -> Response:  # noqa: ARG001 - a slash at its end counts
    """Keep a file: the first part of a form."""
    try:
        return _put(caller(), bucket, path_in(bucket))
    except (Refused, CatalogError):
        read_away()
        raise


def _put(who: Actor, bucket: str, path: str) -> Response:
    check_may_write(parts(), who, bucket)
    try:
        part = FirstPart(body(), boundary_of(request.headers.get("Content-Type", "")))
    except NoMultipart as fault:
        raise Refused(400, f"MultipartReader returned: {fault}") from None
    except BadPart as fault:
        raise Refused(500, f"error reading part: {fault}") from None
    if not part.exists:
        return plain("Upload completed")
    sent = Sent(_key_of(path, part), cast(BinaryIO, part), part.media_type)
    transfers = _transfers()
    transfers.enter()
    try:
        kept = put_key(parts(), who, bucket, sent, now=now())
    except BadPart as fault:
        raise Refused(500, f"{_FAILED}: {fault}") from None
    except (TooLarge, NoSpace, Unavailable) as fault:
        raise Refused(500, f"{_FAILED}: {fault.detail}") from fault
    finally:
        transfers.leave()
    return answer({"bucket-id": bucket, "key": kept})


def _key_of(path: str, part: FirstPart) -> str:
    """Return the key: the address, and below a folder the name of the file that was sent."""
    if not path.endswith("/"):
        return path[1:]
    if not part.file_name:
        raise Refused(400, "part upload has no filename and no key was specified")
    return path[1:] + part.file_name


_DELETE: dict[str, Any] = {
    "methods": ("DELETE",),
    "answers": _STATUSES,
    "forms": (JSON,),
    "problems": (401,),
}


@operation(
    blueprint,
    _BUCKET,
    Action.DELETE,
    parameters=(
        query_parameter("permissions", "Take grants back, not the bucket."),
        query_parameter("grantee", "TYPE:name or TYPE:name:PERMISSION; may stand several times."),
    ),
    **_DELETE,
)
@operation(blueprint, _KEY, Action.WRITE, **_DELETE)
def delete(bucket: str, key: str = "") -> Response:  # noqa: ARG001 - a slash at its end counts
    """Delete a bucket or a file of it, or take grants on a bucket back."""
    who = caller()
    check_length(bucket)
    path = path_in(bucket)
    if path:
        delete_key(parts(), who, bucket, path[1:], now=now())
        return answer({"deleted": [path[1:]]})
    if "permission" in raw_query():
        return _unshared(who, bucket)
    delete_bucket(parts(), who, bucket, now=now())
    return answer({"deleted": [bucket]})


def _unshared(who: Actor, bucket: str) -> Response:
    check_may_share(parts(), who, bucket)
    named = request.args.getlist("grantee")
    if not named:
        raise Refused(400, 'query field "grantee" missing')
    wanted = [Taken.of_text(text) for text in named]
    done = take_back(parts(), who, bucket, wanted, now=now())
    return answer({"deleted": [str(one) for one in done]})


@operation(
    blueprint,
    _BUCKET,
    Action.WRITE,
    methods=("PATCH",),
    answers=_STATUSES,
    forms=(JSON,),
    problems=(401,),
    takes={JSON: {"type": "object", "properties": {"name": {"type": "string"}}}},
)
def patch(bucket: str) -> Response:
    """Give a bucket another name."""
    _check_known(f"{OBJECTS}/{bucket}")
    who = caller()
    check_may_rename(parts(), who, bucket)
    said = texts(None, "map[string]string")
    return answer(bucket_json(rename_bucket(parts(), who, bucket, said.get("name"), now=now())))


# -- bytes on their way out


def _file(who: Actor, bucket: str, key: str) -> Response:
    try:
        file = find_key(parts(), who, bucket, key)
    except NotFound:
        raise Refused(500, _no_such_key()) from None
    span = _span(file)
    beginning = b"".join(read_file(parts(), file, Span(0, LOOKED_AT - 1)))
    response = Response(content_type=media_type_of(beginning))
    name = key.rpartition("/")[2]
    # As recorded: neither quoted nor encoded; the server writes what is not ASCII as UTF-8.
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(span.length if span else file.size_bytes)
    if span is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {span.start}-{span.end}/{file.size_bytes}"
    if request.method == "GET":
        response.response = _passing(file, span, beginning)
    return response


def _no_such_key() -> str:
    """Return what the storage API says, with an id of the request as its store made them up."""
    return (
        "Error getting data, svc.GetObject returned: "
        "NoSuchKey: The specified key does not exist.\n"
        f"\tstatus code: 404, request id: {secrets.token_hex(8).upper()}, host id: "
    )


def _span(file: FileRecord) -> Span | None:
    """Return the one range asked for; None where it is the whole file that is due."""
    header = request.headers.get("Range", "") if request.method == "GET" else ""
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is not None and last is not None and last < first:
        return None
    return span_of(file.size_bytes, first, last)


def _passing(file: FileRecord, span: Span | None, beginning: bytes) -> Iterator[bytes]:
    if span is None and len(beginning) == file.size_bytes:
        return iter((beginning,))
    transfers = _transfers()
    transfers.enter()
    try:
        return Passing(read_file(parts(), file, span), transfers)
    except BaseException:
        transfers.leave()
        raise


def _transfers() -> Transfers:
    return cast(Transfers, current_app.extensions["transfers"])
