"""How a refusal crosses from a jailed worker to the process that asked.

Only errors of the caller's making may cross, named by slug: a worker that was taken over cannot
make the parent raise anything else.
"""

from collections.abc import Mapping
from typing import Any

from catalog.domain.errors import (
    CatalogError,
    NotAcceptable,
    NotConforming,
    NotOffered,
    OverLimit,
    TooLarge,
    Unreadable,
    UnsupportedMediaType,
)

_KINDS: tuple[type[CatalogError], ...] = (
    Unreadable,
    NotOffered,
    TooLarge,
    UnsupportedMediaType,
    NotAcceptable,
    NotConforming,
    OverLimit,
)
_MAY_CROSS = {kind.slug: kind for kind in _KINDS}


def written(error: CatalogError) -> dict[str, Any] | None:
    """Return `error` as JSON for the answer's header; None if it is not one that may cross."""
    if error.slug not in _MAY_CROSS:
        return None
    return {"slug": error.slug, "detail": error.detail, "evidence": error.evidence}


def read(refusal: Mapping[str, Any]) -> CatalogError | None:
    """Return the error that `written` wrote, ready to be raised; None where it is not one."""
    kind = _MAY_CROSS.get(str(refusal.get("slug")))
    evidence = refusal.get("evidence")
    if kind is None or not isinstance(evidence, Mapping):
        return None
    error = kind.__new__(kind)
    CatalogError.__init__(error, str(refusal.get("detail", "")))
    error.evidence = {str(name): value for name, value in evidence.items()}
    if isinstance(error, NotConforming):
        error.report = error.evidence.get("report", {})
    return error
