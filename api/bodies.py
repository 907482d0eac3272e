"""JSON bodies as requests send them: read strictly, loaded by a schema, refused in a sentence."""

from typing import Any

import marshmallow as ma
from flask import request

from api.negotiation import JSON
from api.strict_json import loads
from catalog.domain.errors import NotAcceptable, TooLarge, UnsupportedMediaType

_LONGEST = 64_000


def json_body(schema: type[ma.Schema], *, needed: bool = True) -> dict[str, Any]:
    """Return the JSON object that was sent, as the schema loads it.

    needed  whether there has to be a body; without one {} is loaded

    Raises UnsupportedMediaType, Unreadable for what is no JSON, NotAcceptable naming the member
    that is wrong.
    """
    if (request.content_length or 0) > _LONGEST:
        raise TooLarge(f"The body of such a request has at most {_LONGEST:,} bytes.")
    content = request.get_data(cache=False)
    said: Any = {}
    if content.strip() or needed:
        if request.mimetype not in {JSON, ""}:
            raise UnsupportedMediaType(request.mimetype, [JSON])
        said = loads(content)
    if not isinstance(said, dict):
        raise NotAcceptable("The body is a JSON object.")
    try:
        loaded: dict[str, Any] = schema().load(said)
    except ma.ValidationError as fault:
        name, sentence = first_fault(fault)
        raise NotAcceptable(f"{name}: {sentence}", errors=fault.messages) from None
    return loaded


def first_fault(fault: ma.ValidationError) -> tuple[str, str]:
    """Return the name of the first member that is wrong, and what is wrong with it."""
    messages = fault.messages if isinstance(fault.messages, dict) else {"body": fault.messages}
    name, said = next(iter(messages.items()))
    while isinstance(said, dict) and said:
        inner, said = next(iter(said.items()))
        name = f"{name}.{inner}"
    return str(name), str(said[0]) if isinstance(said, list) and said else str(said)
