"""What a request's body says, read with care: it may be anything."""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, NoReturn

from catalog.sandbox.refusals import no_payload, not_authorized, unreadable
from catalog.sandbox.repositories import Repository

Object = dict[str, Any]

_DEEPEST: Final = 100


def attributes_in(body: bytes, writer: Repository) -> Object:
    """Return `data.attributes` of a body; {} where there are none.

    Raises Refused: 400 where the body is no JSON or has no `data`, 403 where it names another
    repository as the one whose DOI it is.
    """
    said = read_json(body)
    data = said.get("data") if isinstance(said, Mapping) else None
    if not isinstance(data, Mapping) or not data:
        raise no_payload()
    named = _client(data)
    if named is not None and named.lower() != writer.uid:
        raise not_authorized()
    attributes = data.get("attributes")
    return dict(attributes) if isinstance(attributes, Mapping) else {}


def read_json(body: bytes) -> Any:
    """Return what JSON says; raises Refused (400) where it is none, or too deep to be meant."""
    if not body.strip():
        return None
    try:
        said = json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise _too_deep() from None
    except ValueError as fault:
        raise unreadable(str(fault)) from None
    _check(said)
    return said


def _client(data: Mapping[str, Any]) -> str | None:
    """Return the id in `relationships.client.data.id`, if it is said."""
    found: Any = data
    for name in ("relationships", "client", "data", "id"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and found else None


def _check(said: Any) -> None:
    """Refuse what is nested too deeply, and numbers that JSON cannot write again."""
    level = [said]
    for _ in range(_DEEPEST):
        if not level:
            return
        below: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            elif isinstance(one, float) and not isfinite(one):
                _no_number(str(one))
        level = below
    raise _too_deep()


def _too_deep() -> Exception:
    return unreadable(f"nesting of {_DEEPEST + 1} is too deep")


def _no_number(said: str) -> NoReturn:
    raise unreadable(f"unexpected token at '{said}'")
