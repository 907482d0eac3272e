"""The past of an item on HTTP: its history, its revisions, what differs, and the way back."""

from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_smorest import Blueprint

from api import history_rendering as pages
from api.answers import body, expected_stages, json_answer, tagged
from api.bodies import json_body
from api.context import actor, frame, now, parts
from api.itemjson import item_json, moment
from api.items import answer_change, wait_seconds
from api.naming import naming
from api.negotiation import HTML, JSON, choose
from api.operations import IF_MATCH, WAIT, operation, query_parameter
from api.parameters import whole_number
from catalog.domain.description import is_literal, literal
from catalog.domain.differences import Changed
from catalog.domain.identifiers import item_iri
from catalog.domain.jsonform import to_json
from catalog.domain.permissions import Action
from catalog.domain.reading import beside
from catalog.domain.record import FileRecord
from catalog.domain.writing import RDF_FORMS, pack, rebased, serialized
from catalog.services.compare import Compared, compare
from catalog.services.item_history import Entry, History, history
from catalog.services.restore import restore
from catalog.services.revisions import Revised, read_revision

blueprint = Blueprint("history", __name__, description="What items were before")

FORMS = (JSON, HTML, *RDF_FORMS)
_ITEM = "/items/<string:id>"
_REVISION = f"{_ITEM}/history/<version:n>.<version:r>"
_PROBLEMS = (401, 404, 406, 410)


@operation(
    blueprint,
    f"{_ITEM}/history",
    Action.READ,
    answers={200: "What happened to the item"},
    forms=(JSON, HTML),
    problems=_PROBLEMS,
    parameters=(
        query_parameter("cursor", "Where the page begins: `next` of the page before."),
        query_parameter("limit", "How many, 1 to 50.", {"type": "integer", "default": 20}),
    ),
)
def read_history(id: str) -> Response:
    """Read what happened to an item, the latest first, as far as the caller may know."""
    form = choose((JSON, HTML))
    cursor = request.args.get("cursor") or None
    limit = whole_number("limit", 20, least=1, most=50)
    found = history(parts(), actor(), id, cursor=cursor, limit=limit)
    if form == HTML:
        shown = pages.history(frame(), parts().library, found, is_continued=cursor is not None)
        return body(shown, HTML)
    return json_answer(_history_json(found))


def _history_json(found: History) -> dict[str, Any]:
    iri = item_iri(found.record.id, parts().settings.base)
    return {
        "id": found.record.id,
        "iri": iri,
        "entries": [_entry_json(found, entry, iri) for entry in found.entries],
        "next": found.next,
    }


def _entry_json(found: History, entry: Entry, iri: str) -> dict[str, Any]:
    words = naming(parts().library, frame())
    said: dict[str, Any] = {
        "event": entry.kind.value,
        "at": moment(entry.at),
        "by": entry.by or None,
        "version": entry.version or None,
        "said": pages.sentence(frame(), words, found.record, entry),
        "detail": dict(entry.detail),
    }
    if entry.name is not None:
        said |= {"revision": entry.name, "url": f"{iri}/history/{entry.name}"}
    if entry.before is not None:
        said["difference"] = f"{iri}/difference?from={entry.before}&to={entry.name}"
    if entry.changed:
        said["changed"] = list(entry.changed)
    return said


_READ: dict[str, Any] = {
    "answers": {200: "The item as it was described then"},
    "forms": FORMS,
    "problems": _PROBLEMS,
}


@operation(blueprint, _REVISION, Action.READ, **_READ)
@operation(blueprint, f"{_REVISION}.<string:suffix>", Action.READ, **_READ)
def read_one_revision(id: str, n: int, r: int, suffix: str | None = None) -> Response:
    """Read what an item said in one revision of a version."""
    form = choose(FORMS, suffix=suffix)
    found = read_revision(parts(), actor(), id, n, r)
    return tagged(_in_form(found, form), found.name)


def _in_form(found: Revised, form: str) -> Response:
    record, library, settings = found.record, parts().library, parts().settings
    if form == HTML:
        return body(pages.revision(frame(), library, found), HTML)
    if form == JSON:
        said = item_json(record, library, settings)
        return json_answer(said | {"at": moment(found.at), "by": found.by or None})
    statements = pack(record, library.vocabularies, settings.house, found.names)
    subject = item_iri(record.id, settings.base)
    return body(serialized(rebased(statements, settings.base), form, subject), form)


@operation(
    blueprint,
    f"{_ITEM}/difference",
    Action.READ,
    answers={200: "What differs"},
    forms=(JSON, HTML),
    problems=_PROBLEMS,
    parameters=(
        query_parameter("from", "A revision such as 1.2, or a version such as v/1."),
        query_parameter("to", "The same; without it the newest that the caller sees."),
    ),
)
def read_difference(id: str) -> Response:
    """Read what differs between two revisions of an item."""
    form = choose((JSON, HTML))
    before, after = request.args.get("from"), request.args.get("to")
    found = compare(parts(), actor(), id, before or None, after or None)
    if form == HTML:
        return body(pages.difference(frame(), parts().library, found), HTML)
    return json_answer(_difference_json(found))


def _difference_json(found: Compared) -> dict[str, Any]:
    removed, added, replaced = found.files.totals
    return {
        "id": found.record.id,
        "iri": item_iri(found.record.id, parts().settings.base),
        "from": _side_json(found.before),
        "to": _side_json(found.after),
        "changes": [_change_json(found, change) for change in found.difference.changes],
        "files": [
            {"before": _file_json(change.before), "after": _file_json(change.after)}
            for change in found.files.changes
        ],
        "files_totals": {"removed": removed, "added": added, "replaced": replaced},
    }


def _side_json(found: Revised) -> dict[str, Any]:
    iri = item_iri(found.record.id, parts().settings.base)
    return {
        "revision": found.name,
        "at": moment(found.at),
        "by": found.by or None,
        "url": f"{iri}/history/{found.name}",
    }


def _change_json(found: Compared, change: Changed) -> dict[str, Any]:
    """Return what differs in one property; `thing` and `was` are spelled as in findings."""
    item, difference = found.after.description.item, found.difference
    words = naming(parts().library, frame())
    return {
        "thing": beside(item, change.thing),
        "was": beside(item, difference.earlier_name(change.thing)),
        "within": list(difference.trail(change.thing)),
        "property": change.property,
        "name": words.property(change.property, words.places([found.record.type])).word.label,
        "removed": [_value_json(found.before, term) for term in change.removed],
        "added": [_value_json(found.after, term) for term in change.added],
    }


def _value_json(found: Revised, term: str) -> Any:
    """Return a value as JSON-LD has it; a part with all that it says."""
    if is_literal(term):
        text, language, datatype = literal(term)
        kind = {"@language": language} if language is not None else {"@type": datatype}
        return {"@value": text} | kind
    base = parts().settings.base
    (subject, _, _), *_ = rebased([(term, term, term)], base)
    if term not in found.description.by_subject or term == found.description.subject:
        return {"@id": subject[1:-1]}
    said = rebased(found.description.statements, base)
    whole = to_json(said, parts().library.context, subject=subject[1:-1], base=base)
    return {name: value for name, value in whole.items() if name != "@context"}


def _file_json(file: FileRecord | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256}


class RestorationBody(ma.Schema):
    """The body of a restoration."""

    class Meta:
        """Unknown members are errors."""

        unknown = ma.RAISE

    revision = ma.fields.String(required=True)


@operation(
    blueprint,
    f"{_ITEM}/restoration",
    Action.WRITE,
    methods=("POST",),
    takes={JSON: {"type": "object"}},
    answers={200: "Kept as a new revision"},
    forms=(JSON,),
    parameters=(IF_MATCH, WAIT),
    problems=(401, 403, 404, 410, 412, 415, 422, 428),
)
def restore_revision(id: str) -> Response:
    """Make what an item said once its description again, as a new revision."""
    wait = wait_seconds()
    said = json_body(RestorationBody)
    record = restore(parts(), actor(), id, said["revision"], expected=expected_stages(), now=now())
    return answer_change(record, wait)
