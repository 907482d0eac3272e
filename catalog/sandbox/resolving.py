"""The stand-in for doi.org, and for the handle system beneath it."""

from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, current_app, jsonify, request

from catalog.sandbox.formats import FORMS
from catalog.sandbox.refusals import not_acceptable, not_found
from catalog.sandbox.registering import normal
from catalog.sandbox.registrar import Registrar
from catalog.sandbox.states import DRAFT, FINDABLE
from catalog.sandbox.store import Kept

routes = Blueprint("resolving", __name__)

_PAGE_FORMS: Final = ("text/html", "application/xhtml+xml", "text/*", "*/*")
_LIFETIME_SECONDS: Final = 86_400
_IN_ADDRESSES: Final = "!#$%&'()*+,-./:;=?@[]_~"


@routes.get("/doi/<path:doi>")
def resolve(doi: str) -> Response:
    """Lead to where a DOI leads, or give its metadata where `Accept` asks for them."""
    kept = _registered(doi)
    if kept is None:
        raise not_found()
    form = _form()
    if form is None:
        url = quote(str(kept.attributes.get("url") or ""), safe=_IN_ADDRESSES, errors="replace")
        return Response("", 302, headers={"Location": url, "Vary": "Accept"})
    if kept.state != FINDABLE:
        raise not_found()
    return in_form(kept, form)


@routes.get("/api/handles/<path:doi>")
def handle(doi: str) -> tuple[Response, int]:
    """Tell what the handle system holds of a DOI."""
    kept = _registered(doi)
    if kept is None:
        return jsonify({"responseCode": 100, "handle": doi}), 404
    value = {
        "index": 1,
        "type": "URL",
        "data": {"format": "string", "value": kept.attributes.get("url")},
        "ttl": _LIFETIME_SECONDS,
        "timestamp": kept.updated,
    }
    return jsonify({"responseCode": 1, "handle": kept.doi, "values": [value]}), 200


def in_form(kept: Kept, form: str) -> Response:
    """Return a DOI's metadata in one of FORMS."""
    written = FORMS[form](kept, f"{request.url_root}doi/{kept.doi}")
    return Response(written, content_type=f"{form}; charset=utf-8", headers={"Vary": "Accept"})


def _form() -> str | None:
    """Return the form of metadata that is asked for; None for the page that the DOI leads to."""
    liked = [form for form, quality in request.accept_mimetypes if quality > 0]
    for one in (form.partition(";")[0].strip().lower() for form in liked):
        if one in _PAGE_FORMS:
            return None
        if one in FORMS:
            return one
    if request.headers.get("Accept"):
        raise not_acceptable()
    return None


def _registered(doi: str) -> Kept | None:
    registrar: Registrar = current_app.extensions["registrar"]
    kept = registrar.store.find(normal(doi))
    return None if kept is None or kept.state == DRAFT else kept
