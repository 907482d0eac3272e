"""How a value of another format becomes one that a field of the shapes takes, if it can."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.domain.context import PREFIXES
from catalog.domain.description import RDF, XSD
from catalog.domain.fields import Field
from catalog.domain.importing.addresses import address_of, date_of
from catalog.domain.importing.names import Names, expanded

LONGEST_TEXT = 60_000
"""Characters; a little less than the reader keeps in one text."""

_MOST_DIGITS = 30
_LONGEST_CHECKED = 2_000
_LONGEST_WORD = 300
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBERS = frozenset(f"{XSD}{name}" for name in ("integer", "nonNegativeInteger"))
_FRACTIONS = frozenset(f"{XSD}{name}" for name in ("decimal", "double", "float"))
_GEOMETRY = f"{PREFIXES['geo']}wktLiteral"
_WKT = re.compile(r"[A-Z]+ ?\([-0-9., ()]+\)", re.ASCII)
_TEXT = f"{RDF}langString"
_STRING = f"{XSD}string"

Value = str | bool | int | float | Mapping[str, Any]
"""A value of plain JSON, as `Carried` explains it."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a field does not take a value; `reason` ends a sentence that begins with the value."""

    reason: str


def is_empty(raw: Any) -> bool:
    """Tell whether a value says nothing."""
    return raw is None or raw == [] or raw == {} or (isinstance(raw, str) and not raw.strip())


def shown(raw: Any) -> str:
    """Return a value for a sentence: short, and without what cannot be shown."""
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, list):
        return "a list"
    text = _CONTROL.sub("�", " ".join(str(raw).split()))
    return f"“{text[:60]}…”" if len(text) > 61 else f"“{text}”"


def fitted(field: Field, raw: Any, names: Names) -> Value | Unfit:
    """Return `raw` as a value of `field`, in full, or why it cannot be one.

    raw  any value of JSON; a number becomes a text with the digits that the source had
    """
    text, language = _said(raw)
    if text is None:
        return Unfit("is no single value, which the field wants")
    unfit = _unfit_text(str(text))
    if unfit:
        return unfit
    typed = _typed(field, raw)
    if typed is not None:
        return typed
    for read in _READINGS:
        found = read(field, text, names)
        tagged = isinstance(found, Mapping) and "@value" in found and "@type" not in found
        if isinstance(found, Mapping) and language and tagged and _takes_languages(field):
            return {**found, "@language": language}
        if found is not None:
            return found
    return Unfit(_reason(field))


def _typed(field: Field, raw: Any) -> Value | None:
    """Return a value that names its datatype, where the field has just that one among its own.

    Whether the text is one of that datatype is left to the shapes.
    """
    named = raw.get("@type") if isinstance(raw, Mapping) else None
    if not isinstance(named, str) or not isinstance(raw.get("@value"), str):
        return None
    datatype = expanded(named)
    known = datatype in field.datatypes or _takes_any_literal(field)
    if not known or datatype in (_STRING, _TEXT):
        return None
    return {"@value": raw["@value"], "@type": named}


def _takes_any_literal(field: Field) -> bool:
    """Tell whether a field takes literals, of whatever datatype."""
    plain = not field.datatypes and not field.schemes and not field.parts
    return plain and field.node_kind == "Literal"


def _takes_languages(field: Field) -> bool:
    return _TEXT in field.datatypes or _takes_any_literal(field)


def _said(raw: Any) -> tuple[Any, str | None]:
    """Return the value within a value object or reference of JSON-LD, with its language."""
    if isinstance(raw, Mapping):
        language = raw.get("@language")
        known = isinstance(language, str) and _LANGUAGE.fullmatch(language)
        inner = raw.get("@value", raw.get("@id"))
        return (None if isinstance(inner, Mapping | list) else inner), language if known else None
    return (None if isinstance(raw, list) else raw), None


def _unfit_text(text: str) -> Unfit | None:
    if len(text) > LONGEST_TEXT:
        return Unfit(f"is longer than {LONGEST_TEXT:,} characters; keep it as a file")
    bad = _CONTROL.search(text)
    return Unfit(f"holds U+{ord(bad[0]):04X}, which no text may hold") if bad else None


def concept_of(raw: Any, schemes: tuple[str, ...], names: Names) -> str | None:
    """Return the IRI of the one concept of `schemes` that a word or an IRI means."""
    word = raw.strip() if isinstance(raw, str) and len(raw) <= _LONGEST_WORD else ""
    if not word:
        return None
    vocabularies = names.library.vocabularies
    if vocabularies.scheme_of(word) in schemes and vocabularies.concept(word):
        return word
    found = names.concepts(word, schemes)
    return found[0] if len(found) == 1 else None


def _concept(field: Field, raw: Any, names: Names) -> Value | None:
    found = concept_of(raw, field.schemes, names) if field.schemes else None
    return {"@id": found} if found else None


def _allowed(field: Field, raw: Any, _names: Names) -> Value | None:
    return {"@id": raw} if isinstance(raw, str) and f"<{raw}>" in field.allowed else None


def _address(field: Field, raw: Any, _names: Names) -> Value | None:
    """Return a web address; one with a pattern of its own may be another IRI, as `mailto:`."""
    if field.node_kind != "IRI" or not isinstance(raw, str):
        return None
    address = raw if field.pattern and raw.startswith("mailto:") else address_of(raw)
    # Where there may be words instead, a pattern is about these.
    fits = address and (_has_form(field, address) or f"{XSD}string" in field.datatypes)
    return {"@id": address} if fits else None


def _switch(field: Field, raw: Any, _names: Names) -> Value | None:
    return raw if isinstance(raw, bool) and f"{XSD}boolean" in field.datatypes else None


def _date(field: Field, raw: Any, _names: Names) -> Value | None:
    found = date_of(raw) if any(kind.startswith(f"{XSD}date") for kind in field.datatypes) else None
    if found is None or f"{XSD}{found[1]}" not in field.datatypes:
        return None
    return {"@value": found[0], "@type": f"xsd:{found[1]}"}


def _number(field: Field, raw: Any, _names: Names) -> Value | None:
    kinds = [kind for kind in field.datatypes if kind in _NUMBERS]
    if not kinds or isinstance(raw, bool) or not re.fullmatch(r"[0-9]+", str(raw), re.ASCII):
        return None
    if len(str(raw)) > _MOST_DIGITS:
        return None
    return {"@value": str(raw), "@type": f"xsd:{kinds[-1].removeprefix(XSD)}"}


def _hexadecimal(field: Field, raw: Any, _names: Names) -> Value | None:
    if f"{XSD}hexBinary" not in field.datatypes or not isinstance(raw, str):
        return None
    fits = _has_form(field, raw)
    return {"@value": raw.lower(), "@type": "xsd:hexBinary"} if fits else None


def _geometry(field: Field, raw: Any, _names: Names) -> Value | None:
    if _GEOMETRY not in field.datatypes or not isinstance(raw, str) or not _WKT.fullmatch(raw):
        return None
    return {"@value": raw, "@type": "geo:wktLiteral"}


def _text(field: Field, raw: Any, _names: Names) -> Value | None:
    if _TEXT not in field.datatypes or isinstance(raw, bool):
        return None
    return {"@value": str(raw).strip(), "@language": "en"}


def _string(field: Field, raw: Any, _names: Names) -> Value | None:
    """Return a text without a language; a yes or no is none."""
    if (not _takes_any_literal(field) and _STRING not in field.datatypes) or isinstance(raw, bool):
        return None
    said = str(raw).strip()
    return {"@value": said} if _has_form(field, said) else None


_READINGS = (
    _concept, _allowed, _address, _switch, _date, _number, _hexadecimal, _geometry, _text, _string,
)  # fmt: skip
"""Each returns the value, or None where the field takes no such or it is no such."""


def _has_form(field: Field, text: str) -> bool:
    return bool(text) and (field.pattern is None or _matches(field.pattern, text))


def _matches(pattern: str, text: str) -> bool:
    if len(text) > _LONGEST_CHECKED or "\n" in text:
        return False
    return re.search(pattern, text) is not None


def _reason(field: Field) -> str:
    if field.schemes:
        listed = " or ".join(field.schemes)
        return f"is no term of the vocabulary {listed}"
    if field.node_kind == "IRI" and not field.datatypes:
        wanted = "a web address of the form" if field.pattern else "a full web address, which"
        return f"is not {wanted} the field wants"
    if any(kind.startswith(f"{XSD}date") for kind in field.datatypes):
        return "is no date like 2022-03-16"
    if _NUMBERS.intersection(field.datatypes) and _STRING not in field.datatypes:
        return "is no whole number"
    return "does not have the form that the field wants"
