"""Versions of the vocabularies on HTTP: every release, and what differs between any two."""

from flask import Response, redirect, request
from flask_smorest import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from api import vocabulary_rendering
from api.answers import body, json_answer
from api.changing import release_json, rfc3339
from api.context import frame, parts, root
from api.negotiation import HTML, JSON, choose
from api.operations import operation, query_parameter
from api.parameters import moment, whole_number
from api.vocabularies import FORMS, NO_SCHEME, cached, rdf
from catalog.domain.errors import NotFound
from catalog.domain.permissions import Action
from catalog.services.term_history import changes_since, difference, releases, turtle_of

blueprint = Blueprint("versions", __name__, description="Versions of the vocabularies")

_MOST_RELEASES = 1_000_000_000


@operation(
    blueprint,
    "/vocab/<string:scheme>/versions",
    Action.OPEN,
    forms=(JSON, HTML),
    problems=(404, 406),
    parameters=(
        query_parameter("from", "With `to`: leads to the difference.", {"type": "integer"}),
        query_parameter("to", "With `from`: leads to the difference.", {"type": "integer"}),
        query_parameter("since", "As JSON: the changes of terms after this date or time instead."),
    ),
)
def list_versions(scheme: str) -> AnyResponse:
    """List the releases in which a vocabulary came or changed, the newest first."""
    form = choose((JSON, HTML))
    lines = releases(parts(), scheme)
    if not lines and parts().library.vocabularies.file(scheme) is None:
        raise NotFound(NO_SCHEME)
    if "from" in request.args or "to" in request.args:
        before, after = (
            whole_number(name, 1, least=1, most=_MOST_RELEASES) for name in ("from", "to")
        )
        return redirect(f"{root()}vocab/{scheme}/versions/{before}/{after}", 303)
    if "since" in request.args:
        return _changes_since(scheme)
    if form == HTML:
        content = vocabulary_rendering.versions(frame(), parts().library, scheme, releases=lines)
        return body(content, HTML)
    address = f"{parts().settings.base}vocab/{scheme}/versions"
    said = [release_json(line) | {"url": f"{address}/{line.seq}"} for line in lines]
    return json_answer({"scheme": scheme, "versions": said})


def _changes_since(scheme: str) -> Response:
    """Answer what came, was changed and was deprecated since a moment, oldest first."""
    since = moment("since")
    said = [
        one.change.to_dict() | {"release": one.seq, "at": rfc3339(one.at)}
        for one in changes_since(parts(), scheme, since)
    ]
    return json_answer({"scheme": scheme, "since": rfc3339(since), "changes": said})


@operation(
    blueprint,
    "/vocab/<string:scheme>/versions/<version:n>",
    Action.OPEN,
    forms=FORMS,
    problems=(404, 406),
)
@operation(
    blueprint,
    "/vocab/<string:scheme>/versions/<version:n>.<string:suffix>",
    Action.OPEN,
    forms=FORMS,
    problems=(404,),
)
def read_version(scheme: str, n: int, suffix: str | None = None) -> AnyResponse:
    """Read a vocabulary as a release had it; as a page, what that release changed."""
    form = choose(FORMS, suffix=suffix)
    turtle = turtle_of(parts(), scheme, n)
    if form != HTML:
        return rdf(turtle, form)
    earlier = [line.seq for line in releases(parts(), scheme) if line.seq < n]
    before = earlier[0] if earlier else n
    return redirect(f"{root()}vocab/{scheme}/versions/{before}/{n}", 303)


@operation(
    blueprint,
    "/vocab/<string:scheme>/versions/<version:n>/<version:other>",
    Action.OPEN,
    forms=(JSON, HTML),
    problems=(404, 406),
)
def compare_versions(scheme: str, n: int, other: int) -> Response:
    """Tell how a vocabulary differs between two releases: added, removed, renamed, moved."""
    form = choose((JSON, HTML))
    changes = difference(parts(), scheme, n, other)
    if form == HTML:
        content = vocabulary_rendering.difference(
            frame(), parts().library, scheme, before=n, after=other, changes=changes
        )
        return body(content, HTML)
    said = {
        "scheme": scheme,
        "from": n,
        "to": other,
        "changes": [change.to_dict() for change in changes],
    }
    return cached(json_answer(said))
