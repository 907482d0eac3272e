"""JSON as RFC 8259 and I-JSON mean it: UTF-8, no NaN, no name twice, not nested without end."""

import json
import re
from typing import Any

from catalog.domain.errors import Unreadable

DEEPEST = 64
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def loads(content: bytes) -> Any:
    """Return what JSON text says, or raise Unreadable with line and column where they are known."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise Unreadable(
            f"The body is not UTF-8: byte {fault.start} begins no character."
        ) from None
    _check_depth(text)
    try:
        said = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
        again = json.dumps(said, ensure_ascii=False)
        again.encode()
    except json.JSONDecodeError as fault:
        raise Unreadable(
            f"The body is not JSON: {fault.msg}.", line=fault.lineno, column=fault.colno
        ) from None
    except UnicodeEncodeError:
        raise Unreadable("A text of the body holds half a surrogate pair.") from None
    except ValueError as fault:  # integers of thousands of digits
        raise Unreadable(f"The body is not JSON that can be read: {fault}") from None
    if _NUL.search(again):
        raise Unreadable("A text of the body holds U+0000.")
    return said


def _check_depth(text: str) -> None:
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > DEEPEST:
                raise Unreadable(f"The body is nested deeper than {DEEPEST} levels.")
        elif character in "]}":
            depth -= 1


def _refuse_constant(name: str) -> None:
    raise Unreadable(f"{name} is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise Unreadable(f"{digits[:40]} is larger than any number here.")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"The member {twice!r} stands twice in one object.")
    return said
