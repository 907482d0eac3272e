"""What stands in the query of an address: whole numbers, yes and no, seconds, each in its range."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import request

from catalog.domain.errors import NotAcceptable, Unreadable

_MOST_DIGITS = 18


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    """Return a parameter as a whole number from `least` to `most`, `default` where it is absent.

    Raises Unreadable for anything else, however many digits it has.
    """
    text = request.args.get(name)
    if not text:
        return default
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        number = int(text)
        if least <= number <= most:
            return number
    raise Unreadable(f"{name} is a whole number from {least} to {most}.", parameter=name)


def whole_number_in(form: Mapping[str, str], name: str) -> int | None:
    """Return a field of a form as a whole number, None where it is empty.

    Raises NotAcceptable, naming the field, for anything else.
    """
    text = form.get(name, "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    raise NotAcceptable(f"{name} is a whole number.", field=name)


def flag(name: str) -> bool:
    """Return a parameter that is `true` or `false`; absent is false."""
    text = request.args.get(name, "").lower()
    if text not in {"true", "false", "1", "0", ""}:
        raise Unreadable(f"{name} is true or false.", parameter=name)
    return text in {"true", "1"}


def moment(name: str) -> datetime:
    """Return a parameter as a point in time: a date, or a time of RFC 3339; UTC without a zone."""
    text = request.args.get(name, "")
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        told = f"{name} is a date or time such as 2026-11-28 or 2026-11-28T12:00:00Z."
        raise Unreadable(told, parameter=name) from None


def seconds(name: str, default: float, *, most: float) -> float:
    """Return a parameter as seconds, at most `most`; `default` where it is absent."""
    text = request.args.get(name)
    if text is None:
        return default
    try:
        return min(most, max(0.0, float(text)))
    except ValueError:
        raise Unreadable(f"{name} is a number of seconds.", parameter=name) from None
