"""Making and changing items by forms that the shapes make: new ones, copies, edits, autosaves."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import rendering
from api.answers import body, json_answer
from api.context import FORM_FIELD, check_own_page, frame, now, parts, root, session
from api.form_copying import copied
from api.form_findings import Findings, findings
from api.form_statements import kept_after, not_shown, read, statements
from api.form_tree import Node, changed, described, sent, with_room
from api.form_view import Sending, differing
from api.form_words import Words, into_form
from api.itemjson import moment
from api.known_bytes import Known, known_sources
from api.naming import naming
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from catalog.domain.description import TYPE, Description, Statement
from catalog.domain.errors import (
    CatalogError,
    Forbidden,
    MovedOn,
    NotAcceptable,
    NotConforming,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
)
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Action, Actor
from catalog.domain.record import ItemLine, ItemRecord
from catalog.domain.report import Level, Report
from catalog.domain.tombstone import gone
from catalog.services import accounts, outbox
from catalog.services.find import Filters, find
from catalog.services.last_change import last_change
from catalog.services.look_up_reference import LookedUp, look_up
from catalog.services.read import read as read_item
from catalog.services.revise import revise
from catalog.services.submit import Submission, submit
from catalog.services.validate import NOBODY, validate

blueprint = Blueprint("making", __name__, description="Forms to describe items with")

_TURTLE: Final = "text/turtle"
_TAKES: Final = {"application/x-www-form-urlencoded": {"type": "object"}}
_PROBLEMS: Final = (401, 403, 404, 410, 412, 413, 422)
_MOST_NAMED: Final = 50
_SHOWN_AGAIN: Final = (Unreadable, NotAcceptable, TooLarge)


@dataclass(frozen=True)
class Form:
    """A form that is open: what stands in it, and what it is about.

    kept  the statements of the description that it does not show
    """

    item_type: str
    root: Node
    kept: tuple[Statement, ...]
    sending: Sending

    @property
    def level(self) -> Level:
        """The level at which a violation blocks saving."""
        return "draft" if self.sending.is_draft else "publication"

    def source(self) -> bytes:
        """Return its description in Turtle, whose base is the item; TooLarge over the limit."""
        lines = [f"{s} {p} {o} .\n" for s, p, o in statements(self.root, _words(), self.kept)]
        text = "".join(lines).encode()
        if len(text) > parts().settings.metadata_bytes:
            limit = parts().settings.metadata_bytes
            raise TooLarge(f"A description has at most {limit:,} bytes; this one is longer.")
        return text


def _words() -> Words:
    return Words(naming(parts().library, frame()), parts().settings.base)


# -- new items


@operation(
    blueprint,
    "/new",
    Action.OPEN,
    forms=(HTML,),
    problems=(403, 422, 429),
    parameters=(query_parameter("address", "Where something lies that is to be described."),),
)
def choose_type() -> AnyResponse:
    """Show the item types, to choose the one to describe, and what is at an address elsewhere."""
    address = request.args.get("address", "").strip()
    signed_in = session()
    if not address:
        return body(rendering.new(frame(), parts().library), HTML)
    if signed_in is None:
        return _sign_in_first()
    looked, fault = _looked_up(signed_in.actor, address)
    content = rendering.new(
        frame(),
        parts().library,
        address=address,
        looked=looked,
        fault=fault.detail if fault else None,
    )
    return body(content, HTML, fault.status if fault else 200)


def _looked_up(actor: Actor, address: str) -> tuple[LookedUp | None, CatalogError | None]:
    """Return what is at an address; one that another site has us look up is not, but shown."""
    try:
        check_own_page()
        return look_up(parts(), actor, address), None
    except (NotAcceptable, TooMany, Unavailable, Forbidden) as fault:
        return None, fault


@operation(
    blueprint,
    "/new/<string:type>",
    Action.CREATE,
    forms=(HTML,),
    problems=(404,),
    by_form=True,
    parameters=(
        query_parameter("from", "The id of an item whose description is copied."),
        query_parameter("address", "Where something lies that is looked up and filled in."),
    ),
)
def new_form(type: str) -> AnyResponse:
    """Show the form for a new item of a type: empty, copied, or with what is at an address."""
    _check_type(type)
    signed_in = session()
    if signed_in is None:
        return _sign_in_first()
    source = request.args.get("from", "")
    address = "" if source else request.args.get("address", "").strip()
    if address:
        check_own_page()
        looked = look_up(parts(), signed_in.actor, address, item_type=type)
        return _page(_opened(type, _begun(looked), _sending_from(type, address, looked)))
    copy = _copied(signed_in.actor, source) if source else ()
    return _page(_opened(type, copy, Sending(_new(type), nonce=_nonce(), source=source)))


def _begun(looked: LookedUp) -> tuple[Statement, ...]:
    """Return what was read elsewhere in the terms of a form, without the class, which that has."""
    item, base = item_iri(NOBODY), parts().settings.base
    deciding = parts().library.shapes.deciding
    return tuple(
        (into_form(s, item, base), p, into_form(o, item, base))
        for s, p, o in looked.statements
        if not (p == TYPE and o in deciding)
    )


def _sending_from(item_type: str, address: str, looked: LookedUp) -> Sending:
    """Return what a form sends that begins with an address; without facts, nothing was read."""
    is_read = looked.facts is not None
    return Sending(_new(item_type), nonce=_nonce(), address=address if is_read else "")


@operation(
    blueprint,
    "/new/<string:type>",
    Action.CREATE,
    methods=("POST",),
    takes=_TAKES,
    answers={200: "The form, changed or checked; in JSON what was saved", 303: "Kept as a draft"},
    problems=_PROBLEMS,
    by_form=True,
)
def make_new(type: str) -> AnyResponse:
    """Keep what a form says as a draft, check it, or add and remove controls of it."""
    _check_type(type)
    sending = Sending(
        _new(type), nonce=_hidden("nonce"), source=_hidden("source"), address=_hidden("address")
    )
    return _answered(_sent_form(type, sending), _keep_new)


def _keep_new(form: Form, actor: Actor) -> ItemRecord:
    source = form.source()
    once = sha256(form.sending.nonce.encode() + source).hexdigest() if form.sending.nonce else None
    return submit(parts(), actor, Submission(source, _TURTLE, once=once), now=now()).record


def _check_type(item_type: str) -> None:
    if item_type not in parts().library.item_types:
        raise NotFound("There is no item type of that name; /new lists all of them.")


def _new(item_type: str) -> str:
    return f"{root()}new/{item_type}"


def _nonce() -> str:
    return secrets.token_urlsafe(12)


def _sign_in_first() -> AnyResponse:
    asked = request.full_path if request.query_string else request.path
    return redirect(f"{root()}sign-in?{rendering.query(next=asked)}", 303)


def _copied(actor: Actor, item_id: str) -> tuple[Statement, ...]:
    record = read_item(parts(), actor, item_id).record
    if record.state is State.WITHDRAWN:
        raise gone(record)
    return copied(_form_statements(record), parts().library.shapes.deciding)


# -- items that are there


@operation(
    blueprint, "/items/<string:id>/edit", Action.WRITE, forms=(HTML,), problems=(403, 404, 410),
    by_form=True,
)  # fmt: skip
def edit_form(id: str) -> AnyResponse:
    """Show the form for the description of the newest version that the caller sees."""
    signed_in = session()
    if signed_in is None:
        return _sign_in_first()
    record = _writable(signed_in.actor, id)
    form = _opened(record.type, _form_statements(record), _sending(record))
    return _page(form, report=Report.from_dict(record.report))


@operation(
    blueprint,
    "/items/<string:id>/edit",
    Action.WRITE,
    methods=("POST",),
    takes=_TAKES,
    answers={200: "The form, changed or checked; in JSON what was saved", 303: "Saved"},
    problems=_PROBLEMS,
    by_form=True,
)
def make_edit(id: str) -> AnyResponse:
    """Keep what a form says as a revision, check it, or add and remove controls of it."""
    signed_in = session()
    if signed_in is None:
        return _answered(_form_of_nobody(id), _keep_edit)
    record = _writable(signed_in.actor, id)
    sending = replace(_sending(record), stage=_hidden("stage"))
    return _answered(_sent_form(record.type, sending), _keep_edit)


def _form_of_nobody(item_id: str) -> Form:
    """Return what was sent after the session had ended, from nothing but itself."""
    item_type = _hidden("type")
    _check_type(item_type)
    return _sent_form(
        item_type,
        Sending(
            f"{root()}items/{item_id}/edit",
            item_id=item_id,
            stage=_hidden("stage"),
            title=_hidden("title"),
        ),
    )


def _keep_edit(form: Form, actor: Actor) -> ItemRecord:
    expected = frozenset({form.sending.stage})
    return revise(
        parts(), actor, form.sending.item_id, form.source(), _TURTLE, expected=expected, now=now()
    )


def _writable(actor: Actor, item_id: str) -> ItemRecord:
    seen = read_item(parts(), actor, item_id)
    if seen.record.state is State.WITHDRAWN:
        raise gone(seen.record)
    if Action.WRITE not in seen.may:
        raise Forbidden("You may read this item, but not change it.")
    return seen.record


def _sending(record: ItemRecord) -> Sending:
    return Sending(
        f"{root()}items/{record.id}/edit",
        item_id=record.id,
        stage=record.stage,
        is_draft=record.state is State.DRAFT,
        title=record.title,
    )


def _form_statements(record: ItemRecord) -> tuple[Statement, ...]:
    """Return a description in the terms of a form."""
    item, base = item_iri(record.id), parts().settings.base
    return tuple(
        (into_form(s, item, base), p, into_form(o, item, base))
        for s, p, o in Description(item, record.ntriples).statements
    )


def _opened(item_type: str, said: tuple[Statement, ...], sending: Sending) -> Form:
    """Return a form filled with statements."""
    library, words = parts().library, _words()
    rows = _by_subject(said)
    tree = described(library, words, item_type, rows)
    return Form(item_type, tree, not_shown(tree, words, said), sending)


def _by_subject(said: tuple[Statement, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for subject, predicate, value in said:
        row = found.setdefault(subject, {})
        row[predicate] = (*row.get(predicate, ()), value)
    return found


# -- what was sent


def _sent_form(item_type: str, sending: Sending) -> Form:
    fields = list(request.form.items(multi=True))
    tree, fault = sent(parts().library, item_type, fields)
    return Form(item_type, tree, read(_hidden("kept")), replace(sending, problem=fault))


def _hidden(name: str) -> str:
    return request.form.get(f"{name}~", "")


def _answered(form: Form, keep: Callable[[Form, Actor], ItemRecord]) -> AnyResponse:
    """Do what the button says; a form that cannot be kept is shown again as it was sent."""
    check_own_page()
    signed_in = session()
    wants_json = choose((HTML, JSON)) == JSON
    if signed_in is None:
        return _refused(form, _signed_out(), wants_json)
    if not accounts.same(request.form.get(FORM_FIELD, ""), signed_in.csrf):
        return _refused(form, _stale(), wants_json)
    if form.sending.problem:
        return _refused(form, Unreadable(form.sending.problem), wants_json)
    order = request.form.get("do", "save")
    if order == "check":
        return _checked(form)
    if order != "save":
        return _page(_reordered(form, order), unsaved=True)
    try:
        record = keep(form, signed_in.actor)
    except NotConforming as fault:
        return _not_conforming(form, fault, wants_json)
    except MovedOn as fault:
        if wants_json:
            raise
        return _overtaken(form, signed_in.actor, fault)
    except _SHOWN_AGAIN as fault:
        return _refused(form, fault, wants_json)
    if record.state is State.PUBLISHED:
        outbox.wait_until_indexed(parts(), record.id, 1.0)
    return _saved(form, record) if wants_json else _done(form, record)


def _signed_out() -> CatalogError:
    return Unauthenticated(
        "Your session has ended. What you typed is below: sign in in another tab, then send this."
    )


def _stale() -> CatalogError:
    return Forbidden("You have signed in anew since you opened this form. Send it once more.")


def _reordered(form: Form, order: str) -> Form:
    tree = changed(parts().library, _words(), form.root, form.kept, order)
    kept = kept_after(form.kept, form.root, tree, _words())
    return replace(form, root=tree, kept=kept)


def _checked(form: Form) -> AnyResponse:
    try:
        report = validate(parts(), form.source(), _TURTLE, level="publication")
    except _SHOWN_AGAIN as fault:
        return _refused(form, fault, wants_json=False)
    form = replace(form, sending=replace(form.sending, checked=True))
    return _page(form, report=report, unsaved=True)


def _not_conforming(form: Form, fault: NotConforming, wants_json: bool) -> AnyResponse:
    if wants_json:
        found = _findings(form, Report.from_dict(fault.report)).blocking
        fault.evidence["blocking"] = [f"{one.label}: {one.message}" for one in found]
        raise fault
    return _page(form, report=Report.from_dict(fault.report), status=fault.status, unsaved=True)


def _refused(form: Form, fault: CatalogError, wants_json: bool) -> AnyResponse:
    if wants_json:
        raise fault
    form = replace(form, sending=replace(form.sending, problem=fault.detail))
    return _page(form, status=fault.status, unsaved=True)


def _overtaken(form: Form, actor: Actor, fault: MovedOn) -> AnyResponse:
    """Show who was first, with what was typed; saving again puts it in the place of theirs."""
    record = _writable(actor, form.sending.item_id)
    ours = statements(form.root, _words(), form.kept)
    sending = replace(
        form.sending,
        stage=record.stage,
        conflict=last_change(parts(), actor, record.id),
        differs=tuple(differing(_form_statements(record), ours, _words().naming)),
    )
    return _page(replace(form, sending=sending), status=fault.status, unsaved=True)


def _done(form: Form, record: ItemRecord) -> AnyResponse:
    done = "saved" if form.sending.item_id else "submitted"
    return redirect(f"{root()}items/{record.id}?done={done}", 303)


def _saved(form: Form, record: ItemRecord) -> Response:
    """Answer a form that saves itself: where it is sent from now on, and what is missing."""
    found = _findings(form, Report.from_dict(record.report))
    return json_answer(
        {
            "id": record.id,
            "stage": record.stage,
            "action": _sending(record).action,
            "saved": moment(record.modified),
            "missing": len(found.missing),
            "findings": record.report["findings"],
        }
    )


# -- the page


def _findings(form: Form, report: Report | None) -> Findings:
    return findings(report, form.root, _words(), form.level)


def _page(
    form: Form, *, report: Report | None = None, status: int = 200, unsaved: bool = False
) -> Response:
    shown = replace(form, root=with_room(parts().library, form.root, _kept_names(form)))
    content = rendering.form(
        frame(),
        _words(),
        item_type=form.item_type,
        tree=shown.root,
        found=_findings(shown, report),
        sending=replace(form.sending, kept=form.kept, unsaved=unsaved),
        items=_items_to_name(form.root),
        known=_known(form),
    )
    return body(content, HTML, status)


def _known(form: Form) -> Known | None:
    """Return what other items name already of what a form says."""
    signed_in = session()
    if signed_in is None:
        return None
    said = statements(form.root, _words(), form.kept)
    return Known(addresses=known_sources(form.sending.item_id, said, signed_in.actor))


def _items_to_name(tree: Node) -> dict[str, Sequence[ItemLine]]:
    """Return the newest items of each type that a field of the form refers to."""
    signed_in = session()
    if signed_in is None:
        return {}
    asked = [filled.ask for node in tree.nodes() for filled in node.fields]
    wanted = {item_type for ask in asked for item_type in ask.refers_to}
    return {
        item_type: find(
            parts(), signed_in.actor, Filters(type=item_type), cursor=None, limit=_MOST_NAMED
        ).lines
        for item_type in sorted(wanted)
    }


def _kept_names(form: Form) -> frozenset[str]:
    return frozenset(subject[2:-1] for subject, _, _ in form.kept if subject.startswith("<#"))
