"""Proposals about vocabularies on HTTP: made, discussed, decided, read, and taken as a patch."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import vocabulary_rendering
from api.answers import body, json_answer
from api.bodies import json_body
from api.context import actor, actor_of_form, frame, now, parts, root, session
from api.negotiation import HTML, JSON, SUFFIXES, choose
from api.operations import operation, query_parameter
from api.parameters import whole_number
from api.proposaljson import address_of, has_patch, page_of_proposals_json, proposal_json
from catalog.domain.errors import NotAcceptable, NotFound, Unreadable, WrongState
from catalog.domain.permissions import ANYONE, Action
from catalog.domain.proposing.patches import patch_of
from catalog.domain.proposing.proposals import PROPERTIES, Form, Kind, ProposalRecord, State
from catalog.domain.proposing.rules import Asked, Said, iri_of
from catalog.domain.proposing.statements import statements_about
from catalog.domain.proposing.troubles import Trouble, refused
from catalog.domain.writing import RDF_FORMS, serialized
from catalog.services.decide import decide
from catalog.services.discuss import discuss
from catalog.services.proposals import Narrowed, counts_by_state, find_proposals, read_proposal
from catalog.services.propose import Proposing, field_names, propose
from catalog.services.withdraw_proposal import withdraw_proposal

blueprint = Blueprint(
    "proposals", __name__, description="Proposals: new terms, changes, deprecations"
)

FORMS = (JSON, HTML, *RDF_FORMS)
DIFF = "text/x-diff"
_PAGE_SIZE = 20
_LONGEST_TERM_NAME = 1_024


class _Strict(ma.Schema):
    class Meta:
        unknown = ma.RAISE


class ProposalBody(_Strict):
    """The body of a proposal; each property of `PROPERTIES` may stand beside these."""

    kind = ma.fields.String(validate=ma.validate.OneOf([kind.value for kind in Kind]))
    scheme = ma.fields.String(load_default="")
    concept = ma.fields.String(load_default="", validate=ma.validate.Length(max=_LONGEST_TERM_NAME))
    id = ma.fields.String(load_default="")
    why = ma.fields.String(load_default="")


_PROPOSAL_BODY: type[ma.Schema] = type(
    "ProposalBody", (ProposalBody,), {name: ma.fields.Raw() for name in PROPERTIES}
)


class NoteBody(_Strict):
    """The body of a note."""

    text = ma.fields.String(required=True)


class DecisionBody(_Strict):
    """The body of a decision."""

    accept = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = ma.fields.String(load_default="", allow_none=True)


# -- lists


@operation(
    blueprint,
    "/vocab/proposals",
    Action.OPEN,
    answers={200: "A page of proposals"},
    forms=(JSON, HTML),
    problems=(406,),
    parameters=(
        query_parameter("state", "open, accepted, refused or withdrawn."),
        query_parameter("scheme", "The name of a vocabulary."),
        query_parameter("concept", "The IRI of a concept."),
        query_parameter("cursor", "Where the page begins: `next` of the page before."),
        query_parameter("limit", "How many, 1 to 100.", {"type": "integer", "default": 20}),
    ),
)
def list_proposals() -> Response:
    """List what people propose about the vocabularies, newest first."""
    form = choose((JSON, HTML))
    narrowed = _narrowed()
    cursor = request.args.get("cursor") or None
    limit = whole_number("limit", _PAGE_SIZE, least=1, most=100)
    page = find_proposals(parts(), narrowed, cursor=cursor, limit=limit)
    if form == JSON:
        return json_answer(page_of_proposals_json(page, parts().settings.base))
    others = Narrowed(scheme=narrowed.scheme, concept=narrowed.concept)
    content = vocabulary_rendering.proposals(
        frame(),
        parts().library,
        page=page,
        narrowed=narrowed,
        counts=counts_by_state(parts(), others),
        cursor=cursor,
    )
    return body(content, HTML)


def _narrowed() -> Narrowed:
    state, scheme = request.args.get("state"), request.args.get("scheme")
    if state and state not in set(State):
        raise Unreadable(f"state is one of {', '.join(State)}.", parameter="state")
    if scheme and scheme not in parts().library.vocabularies.names:
        raise Unreadable(f"There is no vocabulary {scheme!r}.", parameter="scheme")
    concept = iri_of(request.args.get("concept") or "", parts().bases)
    return Narrowed(State(state) if state else None, scheme or None, concept or None)


# -- making one


_MADE: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {JSON: {"type": "object"}},
    "forms": (JSON,),
    "problems": (401, 403, 404, 409, 413, 415, 422),
}


@operation(
    blueprint,
    "/vocab/proposals",
    Action.ACCOUNT,
    **{**_MADE, "answers": {201: "Kept, open for discussion"}},
    parameters=({"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},),
)
def make_proposal() -> Response:
    """Propose a new term, a change of a term, or its deprecation."""
    who = actor()
    said = json_body(_PROPOSAL_BODY)
    proposing = Proposing(_asked(said), said["why"], request.headers.get("Idempotency-Key"))
    made = propose(parts(), who, proposing, now=now())
    response = json_answer(proposal_json(made, parts().settings.base), 201)
    response.headers["Location"] = address_of(made.id, parts().settings.base)
    return response


def _asked(said: Mapping[str, Any]) -> Asked:
    kind = Kind(said.get("kind") or (Kind.CHANGE if said["concept"] else Kind.TERM))
    if kind is Kind.TERM and not said["scheme"]:
        raise refused([Trouble("scheme", "missing", "Name the vocabulary, as in /vocab/{scheme}.")])
    if kind is not Kind.TERM and not said["concept"]:
        raise refused([Trouble("concept", "missing", "Name the concept by its IRI.")])
    troubles: list[Trouble] = []
    properties = {
        name: found
        for name in PROPERTIES
        if name in said and (found := _said(name, said[name], troubles)) is not None
    }
    if troubles:
        raise refused(troubles)
    return Asked(kind, said["scheme"], said["concept"], said["id"], properties)


def _said(name: str, value: Any, troubles: list[Trouble]) -> Said | None:
    """Return what JSON says of a property: a text, all its texts, or what is added and removed."""
    if isinstance(value, str):
        return Said(values=(value,))
    if _are_texts(value):
        return Said(values=tuple(value))
    if isinstance(value, dict) and value and set(value) <= {"add", "remove"}:
        add, remove = value.get("add", []), value.get("remove", [])
        if _are_texts(add) and _are_texts(remove):
            return Said(add=tuple(add), remove=tuple(remove))
    told = 'Give a text, a list of texts, or {"add": [...], "remove": [...]}.'
    troubles.append(Trouble(name, "form", told))
    return None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


@operation(
    blueprint,
    "/vocab/proposals/new",
    Action.OPEN,
    forms=(HTML,),
    answers={200: "The form", 303: "Sign in first"},
    problems=(404, 406),
    parameters=(
        query_parameter("scheme", "The vocabulary that is to have a new term."),
        query_parameter("concept", "The concept that is to change."),
        query_parameter("kind", "term, change or deprecation."),
    ),
)
def new_proposal() -> AnyResponse:
    """Show the form for a proposal."""
    choose((HTML,))
    if session() is None:
        return redirect(f"{root()}sign-in?{urlencode({'next': frame().path})}", 303)
    asked = _form_asked(request.args)
    if asked is None:
        return body(vocabulary_rendering.proposal_choice(frame(), parts().library), HTML)
    return body(_form(asked), HTML)


def _form_asked(given: Mapping[str, str]) -> Asked | None:
    """Return what the form is about, None where no vocabulary is chosen yet.

    Raises NotFound for a vocabulary or concept that is not there.
    """
    vocabularies = parts().library.vocabularies
    concept = iri_of(given.get("concept", "").strip(), parts().bases)
    if concept:
        scheme = vocabularies.scheme_of(concept) or ""
        if vocabularies.concept(concept) is None:
            raise NotFound("There is no concept of that name in any vocabulary.")
        is_gone = given.get("kind") == Kind.DEPRECATION
        return Asked(Kind.DEPRECATION if is_gone else Kind.CHANGE, scheme, concept)
    scheme = given.get("scheme", "")
    if scheme and scheme not in vocabularies.names:
        raise NotFound("There is no vocabulary of that name; /vocab lists all of them.")
    return Asked(Kind.TERM, scheme) if scheme else None


def _form(
    asked: Asked,
    sent: Mapping[str, Sequence[str]] | None = None,
    fault: NotAcceptable | WrongState | None = None,
) -> str:
    errors: Iterable[Mapping[str, Any]] = ()
    if fault is not None:
        errors = fault.evidence.get("errors") or [{"field": "", "message": fault.detail}]
    return vocabulary_rendering.proposal_form(
        frame(),
        parts().library,
        kind=asked.kind,
        scheme=asked.scheme,
        concept=asked.concept or None,
        sent=sent,
        errors=tuple(errors),
    )


# -- reading one


_READ: dict[str, Any] = {"forms": FORMS, "problems": (404, 406)}
_ONE = "/vocab/proposals/<version:id>"


@operation(blueprint, _ONE, Action.OPEN, **_READ)
@operation(blueprint, f"{_ONE}.<string:suffix>", Action.OPEN, **_READ)
def show_proposal(id: int, suffix: str | None = None) -> Response:
    """Read a proposal with its discussion; in RDF who asked, who decided, when and why."""
    form = choose(FORMS, suffix=suffix if suffix in SUFFIXES or suffix is None else "")
    proposal = read_proposal(parts(), id)
    if form == JSON:
        return json_answer(proposal_json(proposal, parts().settings.base))
    if form == HTML:
        return body(_page(proposal), HTML)
    iri = address_of(id, parts().settings.base)
    return body(serialized(statements_about(proposal, iri), form, iri), form)


def _page(proposal: ProposalRecord, error: str = "", typed: Mapping[str, str] | None = None) -> str:
    signed_in = session()
    return vocabulary_rendering.proposal(
        frame(),
        parts().library,
        proposal=proposal,
        actor=signed_in.actor if signed_in else ANYONE,
        patch=_patch(proposal),
        error=error,
        typed=typed or {},
    )


def _patch(proposal: ProposalRecord) -> str:
    """Return the diff to show; "" where there is none, or none that could be made."""
    if not has_patch(proposal):
        return ""
    try:
        return patch_of(proposal, parts().library.vocabularies)
    except WrongState:
        return ""


@operation(
    blueprint,
    f"{_ONE}.patch",
    Action.OPEN,
    forms=(DIFF,),
    problems=(404, 409),
    answers={200: "A unified diff against the vocabularies that are loaded"},
)
def read_patch(id: int) -> Response:
    """Read what a proposal changes in the files, for `git apply`; of an open one, a preview."""
    proposal = read_proposal(parts(), id)
    diff = patch_of(proposal, parts().library.vocabularies)
    response = Response(diff.encode(), content_type=f"{DIFF}; charset=utf-8")
    response.headers["Content-Disposition"] = f'inline; filename="proposal-{id}.patch"'
    return response


# -- discussing and deciding


@operation(
    blueprint,
    f"{_ONE}/notes",
    Action.ACCOUNT,
    **{**_MADE, "answers": {201: "The proposal, with the note"}},
)
def add_note(id: int) -> Response:
    """Add a note to the discussion: who made the proposal, and curators."""
    who = actor()
    said = json_body(NoteBody)
    done = discuss(parts(), who, id, said["text"], now=now())
    return json_answer(proposal_json(done, parts().settings.base), 201)


@operation(blueprint, f"{_ONE}/decision", Action.ACCOUNT, **_MADE)
def decide_proposal(id: int) -> Response:
    """Accept or refuse a proposal: curators, once; to refuse takes a reason."""
    who = actor()
    said = json_body(DecisionBody)
    reason = said["reason"] or ""
    done = decide(parts(), who, id, accept=said["accept"], reason=reason, now=now())
    return json_answer(proposal_json(done, parts().settings.base))


@operation(blueprint, f"{_ONE}/withdrawal", Action.ACCOUNT, **{**_MADE, "takes": None})
def end_proposal(id: int) -> Response:
    """Withdraw a proposal of one's own, while it is open."""
    done = withdraw_proposal(parts(), actor(), id, now=now())
    return json_answer(proposal_json(done, parts().settings.base))


# -- the same by forms


_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (401, 403, 404, 409, 413, 422),
    "by_form": True,
}


@operation(blueprint, "/vocab/proposals/do/propose", Action.ACCOUNT, **_FORM)
def do_propose() -> AnyResponse:
    """Keep the proposal that was written into the form."""
    who = actor_of_form()
    about = _form_asked(request.form)
    if about is None:
        raise NotFound("Choose a vocabulary first.")
    names = field_names(parts().library, about.kind)
    sent = {name: request.form.getlist(name) for name in names}
    asked = Asked(
        about.kind, about.scheme, about.concept, _line(sent.get("id", [])), _written(about, sent)
    )
    try:
        made = propose(parts(), who, Proposing(asked, _line(sent["why"])), now=now())
    except (NotAcceptable, WrongState) as fault:
        return body(_form(about, sent, fault), HTML, fault.status)
    return _go(made.id)


def _written(about: Asked, sent: Mapping[str, Sequence[str]]) -> dict[str, Said]:
    """Return what the fields say: one value, one a line, or one a control."""
    found: dict[str, Said] = {}
    for name, texts in sent.items():
        one = PROPERTIES.get(name)
        if one is None:
            continue
        values = tuple(texts)
        if one.is_single:
            values = (_line(texts),)
        elif one.form is not Form.CONCEPT:
            values = tuple(line for text in texts for line in _LINE_END.split(text))
        if about.kind is Kind.CHANGE or any(value.strip() for value in values):
            found[name] = Said(values=values)
    return found


_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANKS = re.compile(r"[ \t\r\n]+")


def _line(texts: Sequence[str]) -> str:
    """Return a text on one line, however the browser broke it."""
    return _BLANKS.sub(" ", texts[0]).strip() if texts else ""


@operation(blueprint, f"{_ONE}/do/note", Action.ACCOUNT, **_FORM)
def do_note(id: int) -> AnyResponse:
    """Add what was written to the discussion."""
    who, text = actor_of_form(), request.form.get("text", "").replace("\r\n", "\n")
    try:
        discuss(parts(), who, id, text, now=now())
    except NotAcceptable as fault:
        return _again(id, fault, {"text": text})
    return _go(id, "#discussion")


@operation(blueprint, f"{_ONE}/do/decide", Action.ACCOUNT, **_FORM)
def do_decide(id: int) -> AnyResponse:
    """Accept or refuse by the button that was pressed."""
    who, reason = actor_of_form(), request.form.get("reason", "")
    said = request.form.get("accept")
    if said not in {"true", "false"}:
        raise Unreadable("Press one of the two buttons: accept or refuse.")
    try:
        decide(parts(), who, id, accept=said == "true", reason=reason, now=now())
    except NotAcceptable as fault:
        return _again(id, fault, {"reason": reason})
    return _go(id)


@operation(blueprint, f"{_ONE}/do/withdraw", Action.ACCOUNT, **_FORM)
def do_withdraw_proposal(id: int) -> AnyResponse:
    """Withdraw by the button."""
    withdraw_proposal(parts(), actor_of_form(), id, now=now())
    return _go(id)


def _again(number: int, fault: NotAcceptable, typed: Mapping[str, str]) -> Response:
    """Show the proposal once more, with what was typed and what is wrong with it."""
    proposal = read_proposal(parts(), number)
    return body(_page(proposal, fault.detail, typed), HTML, fault.status)


def _go(number: int, anchor: str = "") -> AnyResponse:
    return redirect(f"{root()}vocab/proposals/{number}{anchor}", 303)
