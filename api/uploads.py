"""Files in parts on HTTP: begun, sent part by part, looked at, completed or abandoned."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final, cast

import marshmallow as ma
from flask import Response, request
from flask_smorest import Blueprint

from api.answers import json_answer
from api.bodies import json_body
from api.context import actor, now, parts
from api.files import announced, transfers
from api.guard import WholeBody
from api.itemjson import file_json, moment
from api.known_bytes import known_as_json
from api.negotiation import JSON
from api.operations import operation, query_parameter
from api.parameters import whole_number
from catalog.domain.errors import CatalogError, LengthRequired, NotAcceptable
from catalog.domain.identifiers import item_iri
from catalog.domain.permissions import Action
from catalog.domain.record import FileRecord, ItemRecord
from catalog.ports import Part
from catalog.services.abandon_upload import PART_ADDRESS_SECONDS, abandon_upload
from catalog.services.begin_upload import Announced, begin_upload
from catalog.services.complete_upload import complete_upload
from catalog.services.receive_part import receive_part
from catalog.services.uploads import UploadRecord, UploadState, find_upload

blueprint = Blueprint("uploads", __name__, description="Files that are sent in parts")

_PARTS_A_PAGE: Final = 1_000
_ASK_AGAIN_SECONDS: Final = 2
_UPLOAD: Final = "/items/<string:id>/uploads/<string:upload>"


class UploadBody(ma.Schema):
    """A file that is going to be sent in parts."""

    class Meta:
        unknown = ma.RAISE

    name = ma.fields.String(required=True)
    size_bytes = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    sha256 = ma.fields.String(required=True)
    media_type = ma.fields.String(load_default=None, allow_none=True)


@operation(
    blueprint,
    "/items/<string:id>/uploads",
    Action.WRITE,
    methods=("POST",),
    takes={JSON: {"type": "object", "required": ["name", "size_bytes", "sha256"]}},
    answers={200: "Open already", 201: "Begun"},
    forms=(JSON,),
    problems=(401, 403, 404, 409, 410, 413, 415, 422),
)
def begin(id: str) -> Response:
    """Begin a file of a draft that is sent in parts, or go on with one."""
    said = Announced(**json_body(UploadBody))
    upload, is_new = begin_upload(parts(), actor(), id, said, now=now())
    response = json_answer(_upload_json(upload), 201 if is_new else 200)
    response.headers["Location"] = _address(upload)
    return response


@operation(
    blueprint,
    _UPLOAD,
    Action.WRITE,
    forms=(JSON,),
    answers={200: "How far it is"},
    problems=(401, 403, 404, 410),
    parameters=(
        query_parameter(
            "after", "The number of the part behind which the list begins.", {"type": "integer"}
        ),
    ),
)
def look_at(id: str, upload: str) -> Response:
    """Tell which parts have arrived, and where the others go."""
    record, found = find_upload(parts(), actor(), id, upload)
    after = whole_number("after", 0, least=0, most=1_000_000)
    response = json_answer(_upload_json(found, record, after))
    if found.state is UploadState.CHECKING:
        response.headers["Retry-After"] = str(_ASK_AGAIN_SECONDS)
    return response


@operation(
    blueprint,
    f"{_UPLOAD}/parts/<int:number>",
    Action.WRITE,
    methods=("PUT",),
    takes={"application/octet-stream": {"type": "string", "format": "binary"}},
    answers={200: "The part has arrived"},
    forms=(JSON,),
    problems=(401, 403, 404, 409, 410, 411, 413, 422, 507),
)
def put_part(id: str, upload: str, number: int) -> Response:
    """Send one part of a file."""
    size_bytes = request.content_length
    if size_bytes is None:
        raise LengthRequired("Send Content-Length, so that a cut part is not taken for a whole.")
    if "Content-Range" in request.headers:
        raise NotAcceptable("Send each part whole, to its own address.")
    source = cast(BinaryIO, WholeBody(request.environ["wsgi.input"], size_bytes))
    with transfers().moving():
        stored = receive_part(
            parts(), actor(), id, upload, number, source, size_bytes, sha256=announced(), now=now()
        )
    return json_answer(
        {"n": number, "size_bytes": stored.size_bytes, "sha256": stored.sha256, "arrived": True}
    )


@operation(
    blueprint,
    f"{_UPLOAD}/completion",
    Action.WRITE,
    methods=("POST",),
    answers={200: "Kept", 202: "Its bytes are being checked"},
    forms=(JSON,),
    problems=(401, 403, 404, 409, 410, 413, 422, 507),
)
def complete(id: str, upload: str) -> Response:
    """Have the parts checked and kept as a file of the draft."""
    with transfers().moving():
        done = complete_upload(parts(), actor(), id, upload, now=now())
    if done.upload.state is not UploadState.KEPT:
        response = json_answer(_upload_json(done.upload, done.record), 202)
        response.headers["Retry-After"] = str(_ASK_AGAIN_SECONDS)
        response.headers["Location"] = _address(done.upload)
        return response
    answer = _file_json(done.record, done.upload.file)
    response = json_answer(answer)
    response.headers["Location"] = answer["url"]
    response.headers["X-Item-ETag"] = f'"{done.record.stage}"'
    response.set_etag(done.upload.sha256)
    return response


@operation(
    blueprint,
    _UPLOAD,
    Action.WRITE,
    methods=("DELETE",),
    answers={204: "Abandoned"},
    problems=(401, 403, 404, 409, 410),
)
def abandon(id: str, upload: str) -> Response:
    """Abandon an upload and remove what has arrived of it."""
    abandon_upload(parts(), actor(), id, upload, now=now())
    return Response(status=204)


def _upload_json(
    upload: UploadRecord, record: ItemRecord | None = None, after: int = 0
) -> dict[str, Any]:
    """Return an upload; while it is open, with its parts behind number `after`.

    record  the version that it is for; None where it is open
    """
    said: dict[str, Any] = {
        "id": upload.id,
        "state": upload.state.value,
        "name": upload.name,
        "size_bytes": upload.size_bytes,
        "sha256": upload.sha256,
        "part_size_bytes": upload.part_size_bytes,
        "parts_total": upload.parts_total,
        "expires": moment(upload.expires),
    }
    if upload.state is UploadState.OPEN:
        return said | _parts_json(upload, after)
    if record is not None and upload.state is UploadState.KEPT:
        said["file"] = _file_json(record, upload.file)
    if upload.fault is not None:
        said["problem"] = _problem_json(upload.fault)
    return said


def _file_json(record: ItemRecord, file: FileRecord) -> dict[str, Any]:
    """Return the file that an upload became, with the other items that have its bytes."""
    said = file_json(record, file, parts().settings.base)
    return said | {"known_as": known_as_json(record, file)}


def _problem_json(fault: CatalogError) -> dict[str, Any]:
    """Return why an upload was refused, as the answer to its completion said it."""
    return {
        "type": f"{parts().settings.base}problems/{fault.slug}",
        "title": fault.title,
        "status": fault.status,
        "detail": fault.detail,
        **fault.evidence,
    }


def _parts_json(upload: UploadRecord, after: int) -> dict[str, Any]:
    arrived = parts().objects.arrived(upload.id)
    listed = upload.parts(after, _PARTS_A_PAGE)
    last = listed[-1].n if listed else upload.parts_total
    return {
        "parts": [_part_json(upload, part, arrived) for part in listed],
        "parts_arrived": sum(1 for part in upload.parts() if _is_there(part, arrived)),
        "next": f"{_address(upload)}?after={last}" if last < upload.parts_total else None,
    }


def _part_json(upload: UploadRecord, part: Part, arrived: Mapping[int, int]) -> dict[str, Any]:
    signed = parts().objects.part_address(upload.id, part, seconds=PART_ADDRESS_SECONDS)
    return {
        "n": part.n,
        "size_bytes": part.size_bytes,
        "url": signed or f"{_address(upload)}/parts/{part.n}",
        "arrived": _is_there(part, arrived),
    }


def _is_there(part: Part, arrived: Mapping[int, int]) -> bool:
    return arrived.get(part.n) == part.size_bytes


def _address(upload: UploadRecord) -> str:
    return f"{item_iri(upload.item_id, parts().settings.base)}/uploads/{upload.id}"
