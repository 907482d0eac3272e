"""Sharing on HTTP: who may do what to an item, by which links it is read, and whose it is."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import sharing_rendering
from api.answers import body, expected_stages, json_answer, stages_of, tagged
from api.bodies import json_body, json_list
from api.context import (
    LINKS_COOKIE,
    actor,
    actor_of_form,
    frame,
    now,
    opened_links,
    parts,
    root,
    session,
)
from api.itemjson import moment
from api.negotiation import HTML, JSON
from api.operations import IF_MATCH, operation
from catalog.domain.errors import CatalogError, Forbidden, NotAcceptable, Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import moment_named
from catalog.domain.permissions import Action, Actor, Right, rights_of
from catalog.domain.sharing import (
    MOST_GRANTS,
    Grant,
    Grantee,
    GranteeType,
    grantee_named,
    right_named,
)
from catalog.services.ownership import (
    Owned,
    answer_offer,
    give,
    offers_to,
    read_owner,
    take_back,
)
from catalog.services.permissions import (
    Shared,
    known_names,
    read_permissions,
    replace_permissions,
    share,
)
from catalog.services.share_links import (
    USUAL_DAYS,
    Link,
    end_link,
    follow_link,
    list_links,
    make_link,
)

blueprint = Blueprint("sharing", __name__, description="Who may do what, links, and owners")


class _Strict(ma.Schema):
    class Meta:
        unknown = ma.RAISE


class GrantBody(_Strict):
    """One right of one grantee."""

    grantee_type = ma.fields.String(required=True)
    grantee = ma.fields.String(required=True)
    permission = ma.fields.String(required=True)
    expires = ma.fields.Raw(load_default=None, allow_none=True)


class LinkBody(_Strict):
    """The body that makes a link; all of it may be left out."""

    label = ma.fields.String(load_default="")
    days = ma.fields.Integer(load_default=USUAL_DAYS, strict=True)


class OwnerBody(_Strict):
    """The body that gives an item to somebody else."""

    owner = ma.fields.String(required=True)
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(("person", "group")))


_PERMISSIONS = "/items/<string:id>/permissions"
_LINKS = "/items/<string:id>/links"
_OWNER = "/items/<string:id>/owner"
_SEEN = (401, 403, 404, 410)
_CHANGED = (401, 403, 404, 409, 410, 412, 415, 422, 428)
_GET: dict[str, Any] = {"forms": (JSON,), "problems": _SEEN}


@operation(blueprint, _PERMISSIONS, Action.READ_PERMISSIONS, **_GET)
def list_permissions(id: str) -> Response:
    """List who may do what to an item beside its owner, by kind and name."""
    return _permissions(read_permissions(parts(), actor(), id))


@operation(
    blueprint,
    _PERMISSIONS,
    Action.SHARE,
    methods=("PUT",),
    takes={JSON: {"type": "array", "items": {"type": "object"}, "maxItems": MOST_GRANTS}},
    forms=(JSON,),
    parameters=(IF_MATCH,),
    problems=(*_CHANGED, 413),
)
def put_permissions(id: str) -> Response:
    """Replace the whole list of who may do what to an item."""
    grants = [_grant(said) for said in json_list(GrantBody, most=MOST_GRANTS)]
    done = replace_permissions(parts(), actor(), id, grants, expected=expected_stages(), now=now())
    return _permissions(done)


def _grant(said: Mapping[str, Any]) -> Grant:
    to = grantee_named(said["grantee_type"], said["grantee"])
    return Grant(to, right_named(said["permission"]), moment_named(said["expires"], "expires"))


def _permissions(found: Shared) -> Response:
    return tagged(json_answer([_grant_json(one) for one in found.grants]), found.record.stage)


def _grant_json(grant: Grant) -> dict[str, Any]:
    said = {
        "grantee_type": grant.to.kind.value,
        "grantee": grant.to.name,
        "permission": grant.right.value,
    }
    return said | ({"expires": moment(grant.expires)} if grant.expires else {})


# -- links


@operation(blueprint, _LINKS, Action.READ_PERMISSIONS, **_GET)
def list_item_links(id: str) -> Response:
    """List the links by which an item is or was read without an account, without their secrets."""
    return json_answer({"links": [_link_json(one) for one in list_links(parts(), actor(), id)]})


@operation(
    blueprint,
    _LINKS,
    Action.SHARE,
    methods=("POST",),
    takes={JSON: {"type": "object"}},
    answers={201: "A link; its address is told this once"},
    forms=(JSON,),
    problems=(401, 403, 404, 410, 415, 422),
)
def make_item_link(id: str) -> Response:
    """Make a link by which an item is read without an account, until it expires."""
    said = json_body(LinkBody, needed=False)
    secret, link = make_link(parts(), actor(), id, said["label"], said["days"], now=now())
    response = json_answer({**_link_json(link), "url": link_url(secret)}, 201)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@operation(
    blueprint,
    f"{_LINKS}/<string:link>",
    Action.SHARE,
    methods=("DELETE",),
    answers={204: "It opens nothing any more"},
    problems=_SEEN,
)
def end_item_link(id: str, link: str) -> Response:
    """End a link; who followed it before sees the item no longer."""
    end_link(parts(), actor(), id, link, now=now())
    return Response(status=204)


def link_url(secret: str) -> str:
    """Return the address of a link."""
    return f"{parts().settings.base}shared/{secret}"


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "label": link.label,
        "by": link.by,
        "created": moment(link.created),
        "expires": moment(link.expires),
        "ended": moment(link.ended) if link.ended else None,
        "last_used": moment(link.last_used) if link.last_used else None,
        "opened": link.opened,
    }


@operation(
    blueprint,
    "/shared/<string:secret>",
    Action.OPEN,
    answers={303: "To the item, which the cookie that comes with it opens"},
    problems=(404,),
)
def follow_item_link(secret: str) -> AnyResponse:
    """Follow a link to the item that it opens."""
    opened = follow_link(parts(), secret, opened_links(), now=now())
    response = redirect(f"{root()}items/{opened.item_id}", 303)
    response.set_cookie(
        LINKS_COOKIE,
        ".".join(opened.kept),
        expires=opened.expires,
        httponly=True,
        samesite="Lax",
        secure=parts().settings.base.startswith("https://"),
        path=root(),
    )
    return response


# -- owners


@operation(blueprint, _OWNER, Action.READ_PERMISSIONS, **_GET)
def show_owner(id: str) -> Response:
    """Show whose an item is, and to whom it is offered."""
    return _owner(read_owner(parts(), actor(), id, now=now()))


@operation(
    blueprint,
    _OWNER,
    Action.OWN,
    methods=("PUT",),
    takes={JSON: {"type": "object"}},
    answers={200: "It is theirs now", 202: "It is offered to them, and theirs once they accept"},
    forms=(JSON,),
    parameters=(IF_MATCH,),
    problems=_CHANGED,
)
def put_owner(id: str) -> Response:
    """Give an item to a group, or offer it to a person."""
    said = json_body(OwnerBody)
    to = _heir(said["kind"], said["owner"])
    done = give(parts(), actor(), id, to, expected=expected_stages(), now=now())
    return _owner(done, 200 if done.owner == to else 202)


@operation(
    blueprint,
    f"{_OWNER}/offer",
    Action.OWN,
    methods=("DELETE",),
    answers={204: "Nothing is offered"},
    problems=_SEEN,
)
def take_offer_back(id: str) -> Response:
    """Take the offer of an item back."""
    take_back(parts(), actor(), id, now=now())
    return Response(status=204)


def _heir(kind: str, name: str) -> Grantee:
    return grantee_named(GranteeType.GROUP if kind == "group" else GranteeType.USER, name)


def _owner(found: Owned, status: int = 200) -> Response:
    offer = found.offer
    said = {
        "owner": found.owner.name,
        "kind": "group" if found.owner.kind is GranteeType.GROUP else "person",
        "offer": offer and {"to": offer.name, "by": offer.by, "expires": moment(offer.expires)},
    }
    return tagged(json_answer(said, status), found.record.stage)


_OFFER = "/me/offers/<string:item_id>"


@operation(blueprint, "/me/offers", Action.ACCOUNT, forms=(JSON,), problems=(401,))
def list_offers() -> Response:
    """List the items that are offered to one, those first whose offer ends first."""
    base = parts().settings.base
    offers = [
        {
            "id": one.item_id,
            "iri": item_iri(one.item_id, base),
            "title": one.title,
            "type": one.type,
            "by": one.by,
            "expires": moment(one.expires),
        }
        for one in offers_to(parts(), actor(), now=now())
    ]
    return json_answer({"offers": offers})


@operation(
    blueprint,
    f"{_OFFER}/acceptance",
    Action.ACCOUNT,
    methods=("POST",),
    forms=(JSON,),
    problems=(401, 403, 404),
)
def accept_offer(item_id: str) -> Response:
    """Accept an item that is offered to one; it is one's own from then on."""
    answer_offer(parts(), actor(), item_id, accept=True, now=now())
    return _owner(read_owner(parts(), actor(), item_id, now=now()))


@operation(
    blueprint,
    _OFFER,
    Action.ACCOUNT,
    methods=("DELETE",),
    answers={204: "Declined"},
    problems=(401, 403, 404),
)
def decline_offer(item_id: str) -> Response:
    """Decline an item that is offered to one."""
    answer_offer(parts(), actor(), item_id, accept=False, now=now())
    return Response(status=204)


# -- the page, and what its forms send

_PAGE = "/items/<string:id>/sharing"
_FORM: dict[str, Any] = {
    "methods": ("POST",),
    "takes": {"application/x-www-form-urlencoded": {"type": "object"}},
    "answers": {303: "Done; see the page that follows"},
    "problems": (*_CHANGED[:-2], 422, 428),
    "by_form": True,
}


@operation(blueprint, _PAGE, Action.READ_PERMISSIONS, forms=(HTML,), problems=_SEEN)
def sharing_page(id: str) -> AnyResponse:
    """Show who may do what to an item, its links and its owner, with the forms to change them."""
    if session() is None and "Authorization" not in request.headers:
        return redirect(f"{root()}sign-in?next={root()}items/{id}/sharing", 303)
    return body(_page(id, actor()), HTML)


def _page(
    item_id: str, who: Actor, *, fault: CatalogError | None = None, secret: str | None = None
) -> str:
    return sharing_rendering.sharing(
        frame(),
        parts().library,
        shared=read_permissions(parts(), who, item_id),
        links=list_links(parts(), who, item_id),
        owned=read_owner(parts(), who, item_id, now=now()),
        names=known_names(parts(), who),
        groups=tuple(sorted(who.groups)),
        done=request.args.get("done") if request.method == "GET" else None,
        error=fault,
        typed=request.form if fault else None,
        new_link=link_url(secret) if secret else None,
        now=now(),
    )


def _again(item_id: str, who: Actor, fault: CatalogError) -> AnyResponse:
    """Show the page once more, with what was typed and what is wrong with it."""
    return body(_page(item_id, who, fault=fault), HTML, fault.status)


def _done(item_id: str, what: str) -> AnyResponse:
    return redirect(f"{root()}items/{item_id}/sharing?done={what}", 303)


def _expected() -> frozenset[str] | None:
    stage = request.form.get("stage")
    return stages_of([stage]) if stage else None


def _chosen() -> list[Right]:
    """Return the rights that were chosen; none where all are taken back."""
    rights = [right_named(name) for name in request.form.getlist("right")]
    if not rights and "remove" not in request.form:
        raise NotAcceptable("Choose what they may do.", field="right")
    return rights


def _days() -> int:
    """Return for how many days a link is to be made, the usual ones where nothing is said."""
    text = request.form.get("days", "").strip() or str(USUAL_DAYS)
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise NotAcceptable("Days are a whole number.", field="days")
    return int(text)


_MOST_DIGITS = 5


@operation(blueprint, "/items/<string:id>/do/share", Action.SHARE, **_FORM)
def do_share(id: str) -> AnyResponse:
    """Give somebody just the rights that were chosen; none takes all away."""
    who = actor_of_form()
    said = request.form
    try:
        to = grantee_named(said.get("kind", ""), said.get("name", "").strip())
        rights = _chosen()
        expires = moment_named(said.get("expires"), "expires")
        share(parts(), who, id, to, rights, expires, expected=_expected(), now=now())
    except (NotAcceptable, Forbidden) as fault:
        return _again(id, who, fault)
    return _done(id, "shared" if rights else "unshared")


@operation(blueprint, "/items/<string:id>/do/link", Action.SHARE, **_FORM | {"answers": {200: ""}})
def do_link(id: str) -> AnyResponse:
    """Make a link, and show the page with its address, which stands there this once."""
    who = actor_of_form()
    label = request.form.get("label", "")
    read_permissions(parts(), who, id)  # who may not see the page could not be told the address
    try:
        secret, _ = make_link(parts(), who, id, label, _days(), now=now())
    except (NotAcceptable, Forbidden) as fault:
        return _again(id, who, fault)
    return body(_page(id, who, secret=secret), HTML)


@operation(blueprint, "/items/<string:id>/do/end-link", Action.SHARE, **_FORM)
def do_end_link(id: str) -> AnyResponse:
    """End a link by its button."""
    end_link(parts(), actor_of_form(), id, request.form.get("link", ""), now=now())
    return _done(id, "ended")


@operation(blueprint, "/items/<string:id>/do/give", Action.OWN, **_FORM)
def do_give(id: str) -> AnyResponse:
    """Give an item to a group, or offer it to a person, by its form."""
    who = actor_of_form()
    said = request.form
    try:
        to = _heir(said.get("kind", ""), said.get("owner", "").strip())
        done = give(parts(), who, id, to, expected=_expected(), now=now())
    except (NotAcceptable, Forbidden) as fault:
        return _again(id, who, fault)
    if done.owner != to:
        return _done(id, "offered")
    if Right.READ_ACP in rights_of(who, done.record):
        return _done(id, "given")
    return redirect(f"{root()}me?done=given", 303)


@operation(blueprint, "/items/<string:id>/do/take-back", Action.OWN, **_FORM)
def do_take_back(id: str) -> AnyResponse:
    """Take the offer of an item back by its button."""
    take_back(parts(), actor_of_form(), id, now=now())
    return _done(id, "taken-back")


@operation(blueprint, "/me/offers/<string:item_id>/do/answer", Action.ACCOUNT, **_FORM)
def do_answer(item_id: str) -> AnyResponse:
    """Accept or decline an offered item by its button."""
    accept = "accept" in request.form
    if not accept and "decline" not in request.form:
        raise Unreadable("Accept, or decline.")
    answer_offer(parts(), actor_of_form(), item_id, accept=accept, now=now())
    if accept:
        return redirect(f"{root()}items/{item_id}?done=accepted", 303)
    return redirect(f"{root()}me?done=declined", 303)
