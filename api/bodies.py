"""JSON bodies as requests send them: read strictly, loaded by a schema, refused in a sentence."""

from typing import Any

import marshmallow as ma
from flask import request

from api.negotiation import JSON
from api.strict_json import loads
from catalog.domain.errors import NotAcceptable, TooLarge, UnsupportedMediaType

_LONGEST = 64_000
_LONGEST_MEMBER = 1_000


def json_body(
    schema: type[ma.Schema], *, needed: bool = True, longest: int = _LONGEST
) -> dict[str, Any]:
    """Return the JSON object that was sent, as the schema loads it.

    needed   whether there has to be a body; without one {} is loaded
    longest  how many bytes it may have

    Raises UnsupportedMediaType, Unreadable for what is no JSON, NotAcceptable naming the member
    that is wrong.
    """
    said = _said(longest, needed=needed)
    if not isinstance(said, dict):
        raise NotAcceptable("The body is a JSON object.")
    loaded: dict[str, Any] = _loaded(schema(), said)
    return loaded


def json_list(schema: type[ma.Schema], *, most: int) -> list[dict[str, Any]]:
    """Return the JSON array that was sent, each of at most `most` members as the schema loads it.

    Raises what `json_body` raises.
    """
    said = _said(most * _LONGEST_MEMBER, needed=True)
    if not isinstance(said, list):
        raise NotAcceptable("The body is a JSON array.")
    if len(said) > most:
        raise NotAcceptable(f"The array has at most {most:,} members.")
    loaded: list[dict[str, Any]] = _loaded(schema(many=True), said)
    return loaded


def _said(longest: int, *, needed: bool) -> Any:
    if (request.content_length or 0) > longest:
        raise TooLarge(f"The body of such a request has at most {longest:,} bytes.")
    content = request.get_data(cache=False)
    if not content.strip() and not needed:
        return {}
    if request.mimetype not in {JSON, ""}:
        raise UnsupportedMediaType(request.mimetype, [JSON])
    return loads(content)


def _loaded(schema: ma.Schema, said: Any) -> Any:
    try:
        return schema.load(said)
    except ma.ValidationError as fault:
        name, sentence = first_fault(fault)
        raise NotAcceptable(f"{name}: {sentence}", errors=fault.messages) from None


def first_fault(fault: ma.ValidationError) -> tuple[str, str]:
    """Return the name of the first member that is wrong, and what is wrong with it."""
    messages = fault.messages if isinstance(fault.messages, dict) else {"body": fault.messages}
    name, said = next(iter(messages.items()))
    while isinstance(said, dict) and said:
        inner, said = next(iter(said.items()))
        name = f"{name}.{inner}"
    return str(name), str(said[0]) if isinstance(said, list) and said else str(said)
