"""Items on HTTP: listed, submitted, read in every form, revised and deleted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import marshmallow as ma
from flask import Response, request
from flask_smorest import Blueprint

from api import rendering
from api.answers import SUFFIX_OF, body, expected_stages, json_answer, tagged
from api.bodies import first_fault
from api.context import actor, frame, has_credentials, now, parts
from api.errors import page_of, problem
from api.exports import alone, export_asked, in_export
from api.head import head_of
from api.itemjson import item_json, page_json
from api.kept_pages import kept
from api.known_bytes import known_of, known_sources_json
from api.negotiation import HTML, JSON, choose
from api.operations import IF_MATCH, WAIT, operation, query_parameter
from api.parameters import flag, seconds, whole_number
from api.previewing import preview_on_page
from api.profiles import in_profile, profile_asked
from api.signposting import (
    LINKSETS,
    in_linkset,
    links_of,
    links_of_form,
    linkset_asked,
    with_headers,
)
from catalog.domain.errors import TooLarge, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemRecord
from catalog.domain.tombstone import gone
from catalog.domain.writing import RDF_FORMS, pack, rebased, serialized
from catalog.services import outbox
from catalog.services.begin_version import begin_version
from catalog.services.delete import delete
from catalog.services.find import Filters, Mine, counts_by_type, find
from catalog.services.lineage import lineage
from catalog.services.read import Seen, read
from catalog.services.revise import revise
from catalog.services.submit import Submission, submit

blueprint = Blueprint("items", __name__, description="Items: described, stored, published")

FORMS = (JSON, HTML, *RDF_FORMS)
SUBMITTED_FORMS = {form: {"type": "string"} for form in RDF_FORMS}
_LONGEST_WAIT_SECONDS = 30.0


class ListQuery(ma.Schema):
    """What `GET /items` is asked with."""

    class Meta:
        """Unknown parameters are errors: a typing error shall not widen a list."""

        unknown = ma.RAISE

    type = ma.fields.String()
    state = ma.fields.String(validate=ma.validate.OneOf([state.value for state in State]))
    owner = ma.fields.String(validate=ma.validate.Length(max=255))
    cites = ma.fields.String(validate=ma.validate.Length(max=512))
    mine = ma.fields.String(validate=ma.validate.OneOf([one.value for one in Mine]))
    cursor = ma.fields.String(validate=ma.validate.Length(max=512))
    limit = ma.fields.Raw()


@operation(
    blueprint,
    "/items",
    Action.LIST,
    answers={200: "A page of items"},
    forms=(JSON, HTML),
    problems=(401, 406),
    parameters=(
        query_parameter("type", "An item type, such as model."),
        query_parameter("state", "draft, published or withdrawn."),
        query_parameter("owner", "The name of an account."),
        query_parameter("mine", "own, groups (owned by groups of mine) or shared (with me)."),
        query_parameter("cites", "The IRI of a concept: items that cite it, or a narrower one."),
        query_parameter("cursor", "Where the page begins: `next` of the page before."),
        query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 20}),
    ),
)
def list_items() -> Response:
    """List items, changed last first."""
    form = choose((JSON, HTML))
    asked = _list_query(form)
    asked.pop("limit", None)
    limit = whole_number("limit", 20, least=1, most=100)
    cursor = asked.pop("cursor", None)
    if asked.get("type") and asked["type"] not in parts().library.item_types:
        raise Unreadable(f"There is no item type {asked['type']!r}.", parameter="type")
    terms = _terms(asked.get("cites"))
    mine = Mine(asked["mine"]) if asked.get("mine") else None
    filters = Filters(**(asked | {"cites": terms, "mine": mine}))
    page = find(parts(), actor(), filters, cursor=cursor, limit=limit)
    if form == JSON:
        return json_answer(page_json(page, parts().settings.base))
    content = rendering.items(
        frame(),
        parts().library,
        page=page,
        filters=asked,
        counts=counts_by_type(parts(), actor(), terms),
        cursor=cursor,
    )
    return body(content, HTML)


def _terms(cited: str | None) -> frozenset[str] | None:
    """Return a concept with all that is narrower, None for none; Unreadable for what is none."""
    if not cited:
        return None
    thesaurus = parts().library.thesaurus
    if thesaurus.concept(cited) is None:
        raise Unreadable(f"No vocabulary has the concept {cited}.", parameter="cites")
    return frozenset({cited, *thesaurus.narrower_transitive(cited)})


def _list_query(form: str) -> dict[str, Any]:
    """Return the parameters, or raise Unreadable naming the first that is wrong."""
    given = dict(request.args)
    if "q" in given:
        raise Unreadable("Full-text search is not offered yet; use type, state or /sparql.")
    if form == HTML:  # a form sends its empty fields too
        given = {name: value for name, value in given.items() if value}
    try:
        loaded: dict[str, Any] = ListQuery().load(given)
    except ma.ValidationError as fault:
        name, said = first_fault(fault)
        raise Unreadable(f"{name}: {said}", parameter=name) from None
    return loaded


@operation(
    blueprint,
    "/items",
    Action.CREATE,
    methods=("POST",),
    takes=SUBMITTED_FORMS,
    answers={201: "Kept as a draft, or published"},
    forms=(JSON,),
    problems=(401, 409, 413, 415, 422),
    parameters=(
        query_parameter("publish", "true: publish at once, or keep nothing."),
        query_parameter("id", "The id to give; administrators only."),
        WAIT,
        {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},
    ),
)
def submit_item() -> Response:
    """Submit a description as a new item."""
    wait = wait_seconds()
    done = submit(
        parts(),
        actor(),
        Submission(
            source=body_sent(parts().settings.metadata_bytes),
            media_type=media_type_sent(),
            publish=flag("publish"),
            item_id=request.args.get("id"),
            once=request.headers.get("Idempotency-Key"),
        ),
        now=now(),
    )
    response = answer_change(done.record, wait, 201, **known_sources_json(done.record))
    response.headers["Location"] = item_iri(done.record.id, parts().settings.base)
    return response


def body_sent(limit: int) -> bytes:
    """Return the whole body, or raise TooLarge before more than the limit is read."""
    said = request.content_length
    if said is not None and said > limit:
        raise TooLarge(f"A description has at most {limit:,} bytes; this one has {said:,}.")
    return request.get_data(cache=False)


def media_type_sent() -> str:
    """Return the media type of the body without its parameters, in lower case."""
    return request.mimetype.lower()


def answer_change(record: ItemRecord, wait: float, status: int = 200, **more: Any) -> Response:
    """Return the JSON of an item that was just changed, once queries see it or the wait is over.

    wait  seconds; asked for before the change, which is not to be undone for a bad parameter
    more  what else the answer says
    """
    done = record.indexed or outbox.wait_until_indexed(parts(), record.id, wait)
    said = _json(replace(record, indexed=done)) | more
    return tagged(json_answer(said, status), record.stage)


def wait_seconds(default: float = 1.0) -> float:
    """Return how long to wait for the projections: a second, or what `wait` says."""
    return seconds("wait", default, most=_LONGEST_WAIT_SECONDS)


def _json(record: ItemRecord) -> dict[str, Any]:
    return item_json(record, parts().library, parts().settings)


_ITEM = "/items/<string:id>"
_VERSION = "/items/<string:id>/v/<version:n>"
_READ: dict[str, Any] = {
    "answers": {200: "The item"},
    "forms": FORMS,
    "problems": (401, 404, 406, 410),
    "parameters": (
        query_parameter("profile", "dcat-ap or mldcat-ap, for an RDF form."),
        query_parameter("style", "datacite or apa, for a citation in words."),
        query_parameter("locale", "Understood, and answered in English."),
    ),
}


@operation(blueprint, _ITEM, Action.READ, **_READ)
@operation(blueprint, f"{_ITEM}.<string:suffix>", Action.READ, **_READ)
@operation(blueprint, _VERSION, Action.READ, **_READ)
@operation(blueprint, f"{_VERSION}.<string:suffix>", Action.READ, **_READ)
def read_item(id: str, n: int | None = None, suffix: str | None = None) -> Response:
    """Read an item: the newest version that the caller sees, or one version."""
    id, suffix = _apart(id, suffix)
    linkset = linkset_asked(suffix)
    if linkset is not None:
        form = LINKSETS[linkset]
        return _shown(id, n, form, lambda seen: _in_linkset(seen, n, form), linkset)
    export = export_asked(FORMS, suffix)
    if export is not None:
        return _shown(id, n, export.form, lambda seen: in_export(seen, export), export.suffix)
    form = choose(FORMS, suffix=suffix)
    profile = profile_asked(form)
    if profile is not None:
        place = f"{SUFFIX_OF[form]}?profile={profile.name}"
        return _shown(id, n, form, lambda seen: in_profile(seen, form, profile), place)

    def shown() -> Response:
        return _shown(id, n, form, lambda seen: _in_form(seen, n, form), SUFFIX_OF[form])

    return kept(id, n, shown) if form == HTML and not has_credentials() else shown()


def _apart(item_id: str, suffix: str | None) -> tuple[str, str | None]:
    """Return id and suffix of an address: ids have no dots, but suffixes such as `crate.zip` do."""
    if suffix is None or "." not in item_id:
        return item_id, suffix
    own, _, more = item_id.partition(".")
    return own, f"{more}.{suffix}"


def _shown(
    item_id: str, n: int | None, form: str, written: Callable[[Seen], Response], place: str
) -> Response:
    """Return an item as `written` writes it; `place` is what its address ends in, after a dot."""
    seen = read(parts(), actor(), item_id, n)
    record = seen.record
    if record.state is State.WITHDRAWN:
        fault = gone(record)
        return page_of(fault) if form == HTML else problem(fault)
    response = written(seen)
    address = _address(item_id, n)
    response.headers["Content-Location"] = f"{address}.{place}"
    response.last_modified = record.modified
    is_form = form != HTML and "suffix" in (request.view_args or {})
    links = (links_of_form if is_form else links_of)(alone(seen), address)
    return tagged(with_headers(response, links), record.stage)


def _address(item_id: str, n: int | None) -> str:
    """Return the address of an item, or of one version of it."""
    return item_iri(item_id, parts().settings.base) + (f"/v/{n}" if n is not None else "")


def _in_linkset(seen: Seen, n: int | None, form: str) -> Response:
    return in_linkset(alone(seen), _address(seen.record.id, n), form)


def _in_form(seen: Seen, n: int | None, form: str) -> Response:
    record = seen.record
    if form == JSON:
        return json_answer(_json(record))
    if form == HTML:
        return body(page_of_item(seen, n), HTML)
    base = parts().settings.base
    statements = pack(record, parts().library.vocabularies, parts().settings.house, seen.names)
    return body(serialized(rebased(statements, base), form, item_iri(record.id, base)), form)


def page_of_item(seen: Seen, n: int | None, who: Actor | None = None, **more: Any) -> str:
    """Return the page of an item; `more` is what else `rendering.item` takes.

    who  sees it; the caller of the request without
    """
    record = seen.record
    return rendering.item(
        frame(),
        parts().library,
        record=record,
        names=seen.names,
        cited_by=seen.cited_by,
        may=seen.may,
        shared=seen.shared,
        notice=request.args.get("done"),
        lineage=lineage(parts(), who or actor(), seen),
        preview=preview_on_page(record),
        known=known_of(record, who or actor()) if Action.WRITE in seen.may else None,
        head=head_of(alone(seen), _address(record.id, n), parts().settings.title),
        **more,
    )


_REVISE: dict[str, Any] = {
    "methods": ("PUT",),
    "takes": SUBMITTED_FORMS,
    "answers": {200: "Kept as a new revision"},
    "forms": (JSON,),
    "parameters": (IF_MATCH, WAIT),
    "problems": (401, 403, 404, 410, 412, 413, 415, 422, 428),
}


@operation(blueprint, _ITEM, Action.WRITE, **_REVISE)
@operation(blueprint, _VERSION, Action.WRITE, **_REVISE)
def revise_item(id: str, n: int | None = None) -> Response:
    """Replace the description of the newest version that the caller sees, or of one version."""
    wait = wait_seconds()
    record = revise(
        parts(),
        actor(),
        id,
        body_sent(parts().settings.metadata_bytes),
        media_type_sent(),
        expected=expected_stages(),
        now=now(),
        n=n,
    )
    return answer_change(record, wait, **known_sources_json(record))


@operation(
    blueprint,
    f"{_ITEM}/versions",
    Action.WRITE,
    methods=("POST",),
    answers={201: "A draft of the next version"},
    forms=(JSON,),
    parameters=(
        IF_MATCH,
        WAIT,
        {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},
    ),
    problems=(401, 403, 404, 409, 410, 412, 422, 428),
)
def begin_next_version(id: str) -> Response:
    """Begin the next version of a published item, with its description and files."""
    wait = wait_seconds()
    record = begin_version(
        parts(),
        actor(),
        id,
        expected=expected_stages(),
        now=now(),
        once=request.headers.get("Idempotency-Key"),
    )
    response = answer_change(record, wait, 201)
    address = item_iri(record.id, parts().settings.base)
    response.headers["Location"] = f"{address}/v/{record.version}"
    return response


_DELETE: dict[str, Any] = {
    "methods": ("DELETE",),
    "answers": {204: "Deleted"},
    "parameters": (IF_MATCH,),
    "problems": (401, 403, 404, 409, 410, 412, 428),
}


@operation(blueprint, _ITEM, Action.DELETE, **_DELETE)
@operation(blueprint, _VERSION, Action.DELETE, **_DELETE)
def delete_item(id: str, n: int | None = None) -> Response:
    """Delete a draft."""
    delete(parts(), actor(), id, expected=expected_stages(), now=now(), n=n)
    return Response(status=204)
