"""How a text is written as a literal of a datatype that is wanted, if it can be."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.domain.description import RDF, XSD, Literal, term_of_text

_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
_WHOLE = r"[+-]?\d+"
_DECIMAL = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_DOUBLE = rf"{_DECIMAL}(?:[eE][+-]?\d+)?"
_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d:\d\d(?:\.\d+)?"

_FORMS = {
    f"{XSD}boolean": r"true|false|0|1",
    f"{XSD}decimal": _DECIMAL,
    f"{XSD}double": _DOUBLE,
    f"{XSD}float": _DOUBLE,
    f"{XSD}integer": _WHOLE,
    f"{XSD}nonNegativeInteger": r"\+?\d+",
    f"{XSD}positiveInteger": r"\+?0*[1-9]\d*",
    f"{XSD}gYear": r"\d{4}",
    f"{XSD}gYearMonth": r"\d{4}-(?:0[1-9]|1[0-2])",
    f"{XSD}date": _DAY,
    f"{XSD}dateTime": rf"{_DAY}T{_CLOCK}(?:Z|[+-]\d\d:\d\d)?",
    f"{XSD}duration": r"-?P(?=.)(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?",
    f"{XSD}hexBinary": r"(?:[0-9a-fA-F]{2})+",
    f"{XSD}anyURI": r"[a-z][a-z0-9+.-]*:\S+",
    _WKT: r"(?:<\S+>\s+)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*\([-\d., ()]+\)",
}
_LEXICAL = {datatype: re.compile(form, re.ASCII) for datatype, form in _FORMS.items()}
"""Which texts a datatype takes, as XML Schema and GeoSPARQL say, as far as they are in use here."""

_NUMBERS = frozenset(
    XSD + name for name in ("decimal", "double", "float", "integer", "nonNegativeInteger",
                            "positiveInteger")
)  # fmt: skip
_WHOLE_NUMBERS = frozenset(
    f"{XSD}{name}" for name in ("integer", "nonNegativeInteger", "positiveInteger")
)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kKMGTP]?)(i?)(?:[bB]|bytes?)", re.ASCII)
_SPACED = re.compile(rf"({_DAY}) (\d\d:\d\d|{_CLOCK}) ?(?:Z|UTC)?", re.ASCII)
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_SAID = {"yes": "true", "no": "false", "on": "true", "off": "false"}
_DAYS = ("%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d %b %Y", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d")
_MONTHS = ("%B %Y", "%b %Y", "%Y/%m")


@dataclass(frozen=True, slots=True)
class Right:
    """A literal as it should stand.

    term     as N-Triples writes it
    is_sure  whether it says the same as the text, only as another datatype
    """

    term: str
    label: str
    is_sure: bool


def right_literals(said: Literal, datatypes: Sequence[str]) -> list[Right]:
    """Return how a literal can be written in one of `datatypes`, the surest first.

    said       a literal of another datatype, or of one of these with a text that it does not take
    datatypes  IRIs, in the order in which the shape names them
    """
    found: dict[str, Right] = {}
    for right in (*_sure(said, datatypes), *_guessed(said, datatypes)):
        found.setdefault(right.term, right)
    return list(found.values())


def _sure(said: Literal, datatypes: Sequence[str]) -> Iterator[Right]:
    """Yield the one literal that says the same, if there is one."""
    text = said.text.strip()
    for datatype in sorted(datatypes, key=_in_order_of_narrowness):
        if datatype != said.datatype and _takes(datatype, text) and _keeps_sense(said, datatype):
            yield _right(text, datatype, is_sure=True)
            return
    is_text = said.datatype in (f"{XSD}string", f"{RDF}langString")
    wants_words = f"{RDF}langString" in datatypes
    if text and not is_text and f"{XSD}string" in datatypes and not wants_words:
        yield _right(said.text, f"{XSD}string", is_sure=True)


def _in_order_of_narrowness(datatype: str) -> int:
    return 0 if datatype in _WHOLE_NUMBERS else 1


def _keeps_sense(said: Literal, datatype: str) -> bool:
    """Tell whether the datatype that somebody wrote does not contradict another."""
    if said.datatype in (f"{XSD}string", f"{RDF}langString"):
        return True
    is_number = said.datatype in _NUMBERS
    if is_number and (datatype in _NUMBERS or datatype == f"{XSD}gYear"):
        return True
    return said.datatype not in _LEXICAL or not _takes(said.datatype, said.text)


def _takes(datatype: str, text: str) -> bool:
    form = _LEXICAL.get(datatype)
    if form is None or not form.fullmatch(text):
        return False
    return datatype not in (f"{XSD}date", f"{XSD}dateTime") or _is_moment(text)


def _is_moment(text: str) -> bool:
    """Tell whether a day, with or without a time, stands in the calendar."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _guessed(said: Literal, datatypes: Sequence[str]) -> Iterator[Right]:
    """Yield literals that may have been meant."""
    text = said.text.strip()
    for datatype in datatypes:
        if datatype in _WHOLE_NUMBERS:
            yield from _sizes(text, datatype)
        elif datatype == f"{XSD}boolean" and text.casefold() in _SAID:
            yield _right(_SAID[text.casefold()], datatype)
        elif datatype == f"{XSD}dateTime":
            yield from _moments(text, datatype)
        elif datatype in (f"{XSD}date", f"{XSD}gYearMonth"):
            forms = _DAYS if datatype == f"{XSD}date" else _MONTHS
            size = 10 if datatype == f"{XSD}date" else 7
            yield from (_right(day[:size], datatype) for day in _read(text, forms))
        elif datatype == f"{RDF}langString" and text and said.datatype in _NUMBERS:
            yield Right(term_of_text(text, "en"), "in English", is_sure=False)


def _sizes(text: str, datatype: str) -> Iterator[Right]:
    """Yield how many bytes a size in words is, by thousands and by 1,024."""
    found = _SIZE.fullmatch(text)
    if not found:
        return
    power = _POWERS[found[2]]
    for step in (1024,) if found[3] else (1000, 1024)[: 2 if power else 1]:
        size = round(float(found[1]) * step**power)
        label = f"{size:,} bytes" if not power else f"{size:,} bytes, by {step:,}"
        yield Right(term_of_text(str(size), datatype=datatype), label, is_sure=False)


def _moments(text: str, datatype: str) -> Iterator[Right]:
    if _takes(f"{XSD}date", text):
        yield _right(f"{text}T00:00:00Z", datatype)
        return
    spaced = _SPACED.fullmatch(text)
    if spaced and _is_moment(spaced[1]):
        clock = spaced[2] if spaced[2].count(":") == 2 else f"{spaced[2]}:00"
        yield _right(f"{spaced[1]}T{clock}Z", datatype)
    for day in _read(text, _DAYS):
        yield _right(f"{day}T00:00:00Z", datatype)


def _read(text: str, forms: Sequence[str]) -> Iterator[str]:
    """Yield the day, as ISO 8601 writes it, that a text says in one of several ways."""
    for form in forms:
        try:
            yield datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day has none
        except ValueError:
            continue


def _right(text: str, datatype: str, *, is_sure: bool = False) -> Right:
    kind = None if datatype == f"{XSD}string" else datatype
    label = f"as {datatype[max(datatype.rfind('#'), datatype.rfind('/')) + 1 :]}"
    return Right(term_of_text(text, datatype=kind), label, is_sure)
