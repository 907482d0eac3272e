"""Which literal a plain text or number is, by the datatypes that its field takes."""

import re
from collections.abc import Sequence
from decimal import Decimal

from catalog.domain.description import RDF, XSD, term_of_text
from catalog.domain.importing.trees import Spelled

_LANG_STRING = f"{RDF}langString"
_STRING = f"{XSD}string"
_TEXTS = frozenset({_LANG_STRING, _STRING})

_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
_TIMES = {
    f"{XSD}date": re.compile(rf"\d{{4}}-\d\d-\d\d{_ZONE}"),
    f"{XSD}dateTime": re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?{_ZONE}"),
    f"{XSD}gYearMonth": re.compile(rf"\d{{4}}-\d\d{_ZONE}"),
    f"{XSD}gYear": re.compile(rf"\d{{4}}{_ZONE}"),
}
_NUMBERS = {
    f"{XSD}integer": re.compile(r"[-+]?\d+"),
    f"{XSD}nonNegativeInteger": re.compile(r"\+?\d+|-0+"),
    f"{XSD}positiveInteger": re.compile(r"\+?0*[1-9]\d*"),
    f"{XSD}decimal": re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)"),
    f"{XSD}double": re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"),
    f"{XSD}float": re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"),
    f"{XSD}boolean": re.compile(r"true|false|1|0"),
}
_TRUTH: tuple[str, ...] = (f"{XSD}boolean",)
_WHOLE = (f"{XSD}integer", f"{XSD}nonNegativeInteger", f"{XSD}positiveInteger", f"{XSD}gYear",
          f"{XSD}decimal", f"{XSD}double", f"{XSD}float")  # fmt: skip
_BROKEN = (f"{XSD}double", f"{XSD}decimal", f"{XSD}float")


def text_as(text: str, datatypes: Sequence[str], kind: str | None, *, is_plain: bool) -> str:
    """Return the literal, as a term, that a plain text is.

    datatypes  IRIs of the datatypes that the field takes; none where nothing is known of it
    kind       the datatype that the context gives, "@id" or None
    is_plain   whether the context says that a text has no language

    A date gets the datatype that its form asks for, a number so only where no text may stand; in
    all else it is what JSON-LD makes of it.
    """
    stripped = text.strip()
    for datatype, form in _TIMES.items():
        if datatype in datatypes and form.fullmatch(stripped):
            return term_of_text(stripped, None, datatype)
    given = None if kind == "@id" else kind
    if _TEXTS.isdisjoint(datatypes):
        ordered = [one for one in (given, *datatypes) if one]
        for datatype in ordered:
            digits = stripped.lower() if datatype == f"{XSD}boolean" else stripped
            if datatype in _NUMBERS and _NUMBERS[datatype].fullmatch(digits):
                return term_of_text(digits, None, datatype)
        if ordered:
            return term_of_text(text, None, ordered[0])
    elif _LANG_STRING not in datatypes or is_plain:
        return term_of_text(text)
    if given is not None:
        return term_of_text(text, None, given)
    return term_of_text(text) if is_plain else term_of_text(text, "en")


def number_as(
    value: bool | float, datatypes: Sequence[str], kind: str | None, *, is_plain: bool
) -> str:
    """Return the literal, as a term, that a number, true or false is; see `text_as`.

    Where the field takes texts only, it is the text as it was spelled.
    """
    if isinstance(value, bool):
        text, offered = ("true" if value else "false"), _TRUTH
    elif isinstance(value, int) or (value == int(value) and abs(value) < 1e15 and not datatypes):
        text, offered = str(int(value)), _WHOLE
    else:
        text, offered = str(value), _BROKEN
    digits = str(value) if isinstance(value, Spelled) else text
    if datatypes and set(datatypes) <= _TEXTS:
        return text_as(digits, datatypes, kind, is_plain=is_plain)
    given = kind if kind and kind != "@id" else None
    fitting = [one for one in offered if one in datatypes and _takes(one, text)]
    if given is not None and (not datatypes or not fitting):
        return term_of_text(text, None, given)
    if given in fitting:
        return term_of_text(text, None, given)
    datatype = fitting[0] if fitting else offered[0]
    return term_of_text(_canonical(text, datatype), None, datatype)


def _takes(datatype: str, text: str) -> bool:
    form = _TIMES.get(datatype) or _NUMBERS[datatype]
    return form.fullmatch(text) is not None


def _canonical(text: str, datatype: str) -> str:
    """Return the digits of a number as its datatype writes them; a double as JSON-LD does."""
    if datatype not in (f"{XSD}double", f"{XSD}float"):
        return text
    sign, digits, exponent = Decimal(repr(float(text))).normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = int(exponent) + len(shown) - 1
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{power}"
