"""How a route is declared: with the action it performs, and what `/openapi.json` says of it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask
from flask_smorest import Blueprint
from werkzeug.routing import BaseConverter

from catalog.domain.permissions import Action

View = TypeVar("View", bound=Callable[..., Any])

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class VersionNumber(BaseConverter):
    """The number of a version in an address: from 1, in plain digits."""

    regex = "[1-9][0-9]{0,8}"
    part_isolating = True

    def to_python(self, value: str) -> int:
        """Return it as a number."""
        return int(value)

    @staticmethod
    def schema(_converter: "VersionNumber") -> dict[str, Any]:
        """Return what OpenAPI says of it."""
        return {"type": "integer", "minimum": 1, "maximum": 999_999_999}


class UndeclaredRoute(RuntimeError):
    """A route exists whose action nobody declared: the application must not start."""


def operation(
    blueprint: Blueprint,
    rule: str,
    action: Action,
    *,
    methods: tuple[str, ...] = ("GET",),
    answers: Mapping[int, str] | None = None,
    forms: tuple[str, ...] = (),
    problems: tuple[int, ...] = (),
    takes: Mapping[str, Any] | None = None,
    parameters: tuple[Mapping[str, Any], ...] = (),
    by_form: bool = False,
) -> Callable[[View], View]:
    """Declare a route of `blueprint`.

    action      what it does; `authorize` is asked for the same action in the service
    answers     status and meaning of what succeeds
    forms       media types of those answers
    problems    statuses of problem documents it may answer beside 400 and 503
    takes       media type of the request body and its OpenAPI schema
    parameters  OpenAPI parameter objects for query and header
    by_form     whether the forms of pages send it, by session instead of token

    The first line of the view's docstring is the summary. A view may be declared at several rules,
    such as an item's and a version's.
    """

    def declare(view: View) -> View:
        view.catalog_action = action  # type: ignore[attr-defined]
        said = _document(answers or {200: "Done"}, forms, problems, takes, parameters)
        if action is not Action.OPEN:
            said["security"] = _security(action, by_form=by_form)
        documented = blueprint.doc(**said)(view)
        documented.catalog_action = action
        blueprint.route(rule, methods=list(methods))(documented)
        return view

    return declare


def _security(action: Action, *, by_form: bool) -> list[dict[str, list[str]]]:
    """Return what OpenAPI says about credentials; {} where none may be needed."""
    if by_form:
        return [{"session": []}]
    may_be_public = action in {Action.READ, Action.READ_FILE, Action.LIST}
    return [*([{}] if may_be_public else []), {"token": []}]


def _document(
    answers: Mapping[int, str],
    forms: tuple[str, ...],
    problems: tuple[int, ...],
    takes: Mapping[str, Any] | None,
    parameters: tuple[Mapping[str, Any], ...],
) -> dict[str, Any]:
    content = {form: {"schema": _schema_of(form)} for form in forms}
    responses: dict[str, Any] = {}
    for status, meaning in answers.items():
        responses[str(status)] = {"description": meaning}
        if content and status < 300:
            responses[str(status)]["content"] = content
    for status in sorted({400, 503, *problems}):
        responses[str(status)] = {"description": "Problem details", "content": _PROBLEM}
    said: dict[str, Any] = {"responses": responses}
    if takes:
        said["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": schema} for kind, schema in takes.items()},
        }
    if parameters:
        said["parameters"] = [dict(parameter) for parameter in parameters]
    return said


def _schema_of(form: str) -> dict[str, str]:
    return {"type": "object"} if form.endswith("json") else {"type": "string"}


def query_parameter(
    name: str, meaning: str, schema: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the OpenAPI object of an optional parameter in the query."""
    return {
        "in": "query",
        "name": name,
        "description": meaning,
        "schema": dict(schema or {"type": "string"}),
    }


IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag that you last read.",
    "schema": {"type": "string"},
}


WAIT = query_parameter("wait", "Seconds to wait until queries see the change.", {"type": "number"})


def check_every_route_declares(app: Flask) -> None:
    """Raise UndeclaredRoute unless each view of the application declares its action."""
    missing = sorted(
        name
        for name, view in app.view_functions.items()
        if name != "static" and getattr(view, "catalog_action", None) is None
    )
    if missing:
        raise UndeclaredRoute(f"no action is declared for: {', '.join(missing)}")
