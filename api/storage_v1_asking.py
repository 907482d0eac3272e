"""What a request to Sage's storage API says: who asks, for which bucket and path, with what."""

import json
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, Final, cast

from flask import request

from api.context import SAFE_METHODS, actor, actor_by, parts
from api.guard import WholeBody
from api.storage_v1_answers import OBJECTS, Refused
from catalog.domain.errors import Unauthenticated, Unreadable
from catalog.domain.permissions import ANYONE, Actor

_SCHEME: Final = "sage"
_INTEGER: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LIMITS: Final = (-(2**63), 2**63 - 1)
_READ_AWAY: Final = 1 << 18


def caller() -> Actor:
    """Return who asks: by `Authorization: sage TOKEN`, or nobody in particular.

    Raises Refused for another form of that header, and for a token that is not valid.
    """
    header = request.headers.get("Authorization")
    if not header:
        return ANYONE if header is not None else actor()
    words = header.split(" ")
    if len(words) != 2:
        raise Refused(500, 'Authorization field must be of form "sage <token>"')
    if words[0].lower() != _SCHEME:
        raise Refused(500, 'Only bearer "sage" supported')
    try:
        return actor_by(words[1], fresh=request.method not in SAFE_METHODS)
    except Unauthenticated:
        raise Refused(401, "token not active") from None


def path_in(bucket: str) -> str:
    """Return what follows the id of the bucket in the address: "" for the bucket itself."""
    return request.path.removeprefix(f"{OBJECTS}/{bucket}")


def check_length(bucket: str) -> None:
    """Refuse an id that has not as many characters as a UUID."""
    length = len(bucket.encode())
    if length != 36:
        raise Refused(500, f"bucket id ({bucket}) invalid ({length})")


def raw_query() -> str:
    """Return the query as it was sent, in which the storage API looks for words."""
    return request.query_string.decode("latin-1")


def whole_number(name: str) -> int:
    """Return a parameter as a number, 0 where it is not there; Refused for what is none."""
    text = request.args.get(name)
    if text is None:
        return 0
    failed = f"error parsing query field {name}"
    if not text:
        raise Refused(500, f"{failed}: Field {name} is empty")
    parsing = f"{failed}: strconv.ParseInt: parsing {json.dumps(text, ensure_ascii=False)}"
    if not _INTEGER.fullmatch(text):
        raise Refused(500, f"{parsing}: invalid syntax")
    least, most = _LIMITS
    if len(text.lstrip("+-0")) > len(str(most)) or not least <= int(text) <= most:
        raise Refused(500, f"{parsing}: value out of range")
    return int(text)


def body() -> BinaryIO:
    """Return the body as it comes, also where nobody said how long it is."""
    source = cast(BinaryIO, request.environ["wsgi.input"])
    if request.content_length is None:
        return source
    return cast(BinaryIO, WholeBody(source, request.content_length))


def read_away() -> None:
    """Read what is left of a body that is refused, if it is not much.

    Clients that are still sending see the answer then, and not a connection that breaks.
    """
    source, left = cast(BinaryIO, request.environ["wsgi.input"]), _READ_AWAY
    if request.content_length is not None and request.content_length > left:
        return
    try:
        while left > 0 and (chunk := source.read(left)):
            left -= len(chunk)
    except (OSError, ValueError):
        return


# -- bodies in JSON, as Go reads them: the first value counts, whatever its media type


def texts(known: tuple[str, ...] | None, into: str) -> dict[str, str]:
    """Return the texts of a JSON object.

    known  the members that count, in whatever case they are written; None for all as they are
    into   what Go calls the value that it reads into

    Raises Unreadable, in Go's words, for anything else.
    """
    said = _first_value()
    if said is None:
        return {}
    if not isinstance(said, Mapping):
        raise _no_json(f"json: cannot unmarshal {_kind(said)} into Go value of type {into}")
    if known is None:
        return {name: _text(value, "Go value") for name, value in said.items()}
    spelled = {name.lower(): name for name in known}
    found = {}
    for name, value in said.items():
        if member := spelled.get(name.lower()):
            found[member] = _text(value, f"Go struct field {into.rpartition('.')[2]}.{member}")
    return found


def _first_value() -> Any:
    most = parts().settings.metadata_bytes
    content = body().read(most + 1)
    if len(content) > most:
        raise _no_json("http: request body too large")
    text = content.decode("utf-8", "replace").lstrip(" \t\r\n")
    if not text:
        raise _no_json("EOF")
    try:
        return _DECODER.raw_decode(text)[0]
    except json.JSONDecodeError as fault:
        if not text[fault.pos :].strip():
            raise _no_json("unexpected EOF") from None
        sign = json.dumps(text[fault.pos], ensure_ascii=False)[1:-1]
        raise _no_json(f"invalid character '{sign}' {_expected(fault.msg)}") from None
    except (RecursionError, ValueError):
        raise _no_json("exceeded max depth") from None


def _no_constant(name: str) -> None:
    raise json.JSONDecodeError("Expecting value", name, 0)


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)
_EXPECTED: Final = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key "
    "string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
}


def _expected(message: str) -> str:
    return _EXPECTED.get(message, "in string literal")


def _text(value: Any, place: str) -> str:
    """Return a text; null counts as none, halves of surrogate pairs as what cannot be read."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _no_json(f"json: cannot unmarshal {_kind(value)} into {place} of type string")
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def _no_json(why: str) -> Unreadable:
    return Unreadable(f"Could not parse json: {why}")
