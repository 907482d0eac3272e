"""The registrar over HTTP: DataCite's REST API at the root."""

import json
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from catalog.sandbox import admin_routes, pages, resolving
from catalog.sandbox.access import caller_of, writer_of
from catalog.sandbox.formats import FORMS
from catalog.sandbox.journal import SEEN
from catalog.sandbox.listing import listed
from catalog.sandbox.payload import attributes_in
from catalog.sandbox.refusals import (
    Refused,
    not_acceptable,
    not_authorized,
    not_found,
    refused,
)
from catalog.sandbox.registering import create, delete, normal, validated, write
from catalog.sandbox.registrar import Registrar
from catalog.sandbox.repositories import Repository
from catalog.sandbox.showing import Wanted, activity, document, included, resource
from catalog.sandbox.states import FINDABLE
from catalog.sandbox.store import Kept
from catalog.sandbox.suffixes import drawn

JSON: Final = "application/vnd.api+json; charset=utf-8"
_JSON_FORMS: Final = ("application/vnd.api+json", "application/json", "text/html", "text/*")
_LARGEST_BODY_BYTES: Final = 10 * 1024 * 1024
_MOST_SUFFIXES: Final = 100

api = Blueprint("api", __name__)


def create_app(registrar: Registrar) -> Flask:
    """Return the application of a registrar."""
    app = Flask(__name__, static_folder=None)
    app.url_map.merge_slashes = False  # a DOI may hold two slashes
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY_BYTES
    app.extensions["registrar"] = registrar
    app.register_error_handler(Refused, _refusal)
    app.register_error_handler(HTTPException, _fault_of_http)
    app.after_request(_say_who)
    for routes in (api, resolving.routes, pages.routes, admin_routes.routes):
        app.register_blueprint(routes)
    return app


@api.get("/heartbeat")
def heartbeat() -> Response:
    """Tell that it is alive."""
    return Response("OK", content_type="text/plain; charset=utf-8")


@api.get("/dois")
def index() -> Response:
    """List DOIs."""
    caller = _caller()
    wanted = _wanted(media=False)
    found, more = listed(_registrar().store, request.args, caller, request.base_url)
    repositories = [_registrar().repository_of(kept) for kept in found]
    data = [
        resource(kept, repository, wanted)
        for kept, repository in zip(found, repositories, strict=True)
    ]
    return _json({"data": data} | more | included(repositories, wanted))


@api.post("/dois")
def post() -> Response:
    """Register a new DOI."""
    writer = writer_of(_caller())
    kept = create(_registrar().store, writer, _attributes(writer))
    answer = _json(document(kept, writer, _wanted()), 201)
    answer.location = f"{request.base_url}/{kept.doi}"
    return answer


@api.post("/dois/validate")
def validate() -> Response:
    """Judge attributes without keeping them; 200 either way."""
    writer = writer_of(_caller())
    try:
        kept = validated(writer, _attributes(writer))
    except Refused as fault:
        if fault.status != 422:
            raise
        return _json({"errors": fault.errors})
    return _json(document(kept, writer, _wanted()) if "/" in kept.doi else {"data": {}})


@api.get("/dois/random")
def random() -> Response:
    """Draw DOIs that are free, without keeping them."""
    prefix = request.args.get("prefix", "")
    if not prefix:
        raise refused(422, "Parameter prefix is required")
    number = request.args.get("number", type=int)
    size = min(max(request.args.get("size", 1, type=int), 0), _MOST_SUFFIXES)
    shoulder = prefix if "/" in prefix else f"{prefix}/"
    between = "" if shoulder.endswith("/") else "-"
    return _json(
        {"dois": list(dict.fromkeys(f"{shoulder}{between}{drawn(number)}" for _ in range(size)))}
    )


@api.get("/dois/get-dois")
def names() -> Response:
    """List the names of a repository's own DOIs, in capitals."""
    writer = writer_of(_caller())
    own = _registrar().store.select("repository = ?", [writer.uid], "doi", "")
    return _json({"dois": [kept.doi.upper() for kept in own]}) if own else Response(status=204)


@api.get("/dois/<path:doi>")
def show(doi: str) -> Response:
    """Show a DOI, in the form asked for by `Accept` or by the beginning of the path."""
    if not doi.startswith("10."):
        return _in_form_of_path(doi)
    for ending, shown in _BELOW.items():
        if doi.endswith(ending):
            return shown(doi.removesuffix(ending))
    kept = _seen(doi)
    form = accepted((*_JSON_FORMS, *FORMS))
    if form in FORMS:
        return _in_form(kept, form)
    return _json(document(kept, _registrar().repository_of(kept), _wanted()))


@api.route("/dois/<path:doi>", methods=["PUT", "PATCH"])
def put(doi: str) -> Response:
    """Change a DOI, or create it."""
    writer = writer_of(_caller())
    kept, is_new = write(_registrar().store, writer, doi, _attributes(writer))
    return _json(document(kept, writer, _wanted()), 201 if is_new else 200)


@api.delete("/dois/<path:doi>")
def destroy(doi: str) -> Response:
    """Delete a draft."""
    delete(_registrar().store, writer_of(_caller()), doi)
    return Response(status=204)


def accepted(forms: tuple[str, ...]) -> str:
    """Return the form that the caller likes best, the first for `*/*` or without `Accept`.

    Raises Refused (406) where it likes none.
    """
    liked = [form for form, quality in request.accept_mimetypes if quality > 0]
    if not liked and not request.headers.get("Accept"):
        return forms[0]
    for one in (form.partition(";")[0].strip().lower() for form in liked):
        if one in forms:
            return one
        if one == "*/*" or one == f"{forms[0].partition('/')[0]}/*":
            return forms[0]
    raise not_acceptable()


def _get_url(doi: str) -> Response:
    caller = writer_of(_caller())
    kept = _registrar().store.find(normal(doi))
    if kept is None:
        raise not_found()
    if kept.repository != caller.uid:
        raise not_authorized()
    url = kept.attributes.get("url")
    return _json({"url": url}) if url else Response(status=204)


def _activities(doi: str) -> Response:
    kept = _seen(doi)
    done = [activity(one) for one in _registrar().store.activities(kept.doi)]
    return _json({"data": done, "meta": {"total": len(done), "totalPages": 1, "page": 1}})


_BELOW: Final[dict[str, Callable[[str], Response]]] = {
    "/get-url": _get_url,
    "/activities": _activities,
}


def _in_form_of_path(path: str) -> Response:
    """Answer `/dois/application/x-bibtex/10.5072/...`."""
    kind, _, rest = path.partition("/")
    subtype, _, doi = rest.partition("/")
    if not doi:
        raise not_found()
    kept = _seen(doi)
    if (form := f"{kind}/{subtype}") not in FORMS:
        raise not_acceptable()
    return _in_form(kept, form)


def _in_form(kept: Kept, form: str) -> Response:
    return resolving.in_form(kept, form)


def _seen(doi: str) -> Kept:
    """Return a DOI that the caller may see: findable, or the caller's own."""
    kept = _registrar().store.find(normal(doi))
    caller = _caller()
    own = kept is not None and caller is not None and kept.repository == caller.uid
    if kept is None or not (own or kept.state == FINDABLE):
        raise not_found()
    return kept


def _registrar() -> Registrar:
    registrar: Registrar = current_app.extensions["registrar"]
    return registrar


def _caller() -> Repository | None:
    return caller_of(request.headers.get("Authorization"), _registrar().repositories)


def _attributes(writer: Repository) -> dict[str, Any]:
    attributes = attributes_in(request.get_data(), writer)
    _note(attributes=attributes)
    return attributes


def _note(**seen: Any) -> None:
    """Leave something for the journal, which is kept around this application."""
    request.environ.get(SEEN, {}).update(seen)


def _wanted(*, media: bool = True) -> Wanted:
    fields = request.args.get("fields[dois]")
    said = {one.strip().lower() for one in request.args.get("include", "").split(",")}
    return Wanted(
        affiliation="affiliation" in request.args,
        publisher=request.args.get("publisher") == "true",
        detail=media or request.args.get("detail", "false") != "false",
        media=media,
        fields=None if fields is None else frozenset(one.strip() for one in fields.split(",")),
        included=frozenset(said),
    )


def _json(said: Any, status: int = 200) -> Response:
    return Response(json.dumps(said), status, content_type=JSON)


def _refusal(fault: Refused) -> Response:
    answer = _json({"errors": fault.errors}, fault.status)
    answer.headers.extend(fault.headers)
    return answer


def _fault_of_http(fault: HTTPException) -> Response:
    """Say what the server itself refuses, in the registrar's words where it has some."""
    status = fault.code or 500
    title = {404: not_found().errors[0]["title"], 405: "Method not allowed"}.get(status)
    answer = _json({"errors": [{"status": str(status), "title": title or fault.name}]}, status)
    for name, value in fault.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _say_who(answer: Response) -> Response:
    """Tell whose credentials were good; nobody learns otherwise that they were not."""
    try:
        caller = _caller()
    except Refused:
        return answer
    if caller is None:
        answer.headers["X-Anonymous-Consumer"] = "true"
    else:
        answer.headers["X-Credential-Username"] = caller.uid
        _note(repository=caller.uid)
    return answer
