"""The Flask application: routes declared, errors answered, the guard around all of it."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint

from api import (
    access,
    agreements,
    blobs,
    crates,
    documentation,
    feeds,
    feeds_catalog,
    feeds_events,
    files,
    forms,
    front,
    health,
    history,
    items,
    making,
    oai,
    oidc,
    previewing,
    proposals,
    publication,
    references,
    reporting,
    sharing,
    showing,
    skosmos,
    sparql,
    storage_v1,
    tokens,
    uploads,
    validation,
    vocabularies,
    vocabulary_versions,
    well_known,
)
from api.context import COOKIE
from api.errors import answer_errors
from api.guard import guard
from api.operations import VersionNumber, check_every_route_declares
from api.strangers import Strangers
from catalog.parts import Parts

BLUEPRINTS: tuple[SmorestBlueprint, ...] = (
    front.blueprint,
    items.blueprint,
    history.blueprint,
    making.blueprint,
    publication.blueprint,
    files.blueprint,
    uploads.blueprint,
    crates.blueprint,
    previewing.blueprint,
    reporting.blueprint,
    access.blueprint,
    agreements.blueprint,
    sharing.blueprint,
    references.blueprint,
    validation.blueprint,
    sparql.blueprint,
    proposals.blueprint,
    vocabularies.blueprint,
    skosmos.blueprint,
    vocabulary_versions.blueprint,
    forms.blueprint,
    tokens.blueprint,
    showing.blueprint,
    oidc.blueprint,
    storage_v1.blueprint,
    blobs.blueprint,
    health.blueprint,
    documentation.blueprint,
    oai.blueprint,
    feeds.blueprint,
    feeds_events.blueprint,
    feeds_catalog.blueprint,
    well_known.blueprint,
)


class _Api(Api):  # type: ignore[misc]
    """The API without the error answers of its own, which are no problem documents."""

    def _register_error_handlers(self) -> None:
        """Leave errors to `api.errors`."""


_AROUND_A_FILE_BYTES = 1_000_000
"""What a form may send around the file in it."""

Counters = Mapping[str, Callable[[], Mapping[str, int]]]


def create_app(
    parts: Parts,
    *,
    current: Callable[[], Parts] | None = None,
    sealed: bool = True,
    counters: Counters | None = None,
) -> Flask:
    """Return the application over `parts`.

    current   returns the parts for a request that begins now, where they are not always `parts`
    sealed    whether the workers that read what users send are sealed off by the kernel
    counters  measures of each pool of workers, for `/metrics`

    Raises UndeclaredRoute where a route has no action.
    """
    app = Flask("api", static_folder="static", template_folder="templates")
    app.url_map.strict_slashes = False  # `api.guard` redirects them, and not to a `Host`
    app.url_map.merge_slashes = False
    app.url_map.converters["version"] = VersionNumber
    app.config.update(
        API_TITLE=parts.settings.title,
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        CATALOG_SEALED=sealed,
        MAX_CONTENT_LENGTH=parts.settings.file_bytes + _AROUND_A_FILE_BYTES,
        MAX_FORM_MEMORY_SIZE=4 * parts.settings.metadata_bytes,
    )
    app.extensions["catalog"] = current or (lambda: parts)
    app.extensions["strangers"] = Strangers(parts.settings.unknown_tokens)
    app.extensions["pools"] = dict(counters or {})
    app.extensions["transfers"] = files.Transfers(max(2, parts.settings.web_threads // 2))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app)
    answer_errors(app)
    app.extensions["openapi"] = _register(_Api(app))
    check_every_route_declares(app)
    return app


def _register(api: Api) -> dict[str, Any]:
    """Register every blueprint; return the OpenAPI document of all of them."""
    problem = {
        "type": "object",
        "description": "RFC 9457 problem details; further members are the evidence.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
        },
    }
    api.spec.components.schema("Problem", problem)
    session = {"type": "apiKey", "in": "cookie", "name": COOKIE}
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.spec.components.security_scheme("session", session)
    api.register_converter(VersionNumber, VersionNumber.schema)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    said: dict[str, Any] = api.spec.to_dict()
    return said
