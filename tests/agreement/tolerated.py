"""In what other engines differ from the catalog and are wrong, each with the reason.

SHACL 2.1.2 asks of a value that its literal is well-formed for its datatype, and RDF 1.1 Concepts
3.3 that the text as it stands is in the datatype's lexical space: no space around it is dropped.
"""

import re
from dataclasses import dataclass

from catalog.domain.description import XSD, literal, statements_of

_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_WHOLE, _DECIMAL = r"[+-]?\d+", r"[+-]?(\d+(\.\d*)?|\.\d+)"
_LEXICAL = {
    "dateTime": rf"-?\d{{4,}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?{_ZONE}",
    "decimal": _DECIMAL,
    "double": rf"{_DECIMAL}([eE][+-]?\d+)?|[+-]?INF|NaN",
    "float": rf"{_DECIMAL}([eE][+-]?\d+)?|[+-]?INF|NaN",
    "gYear": rf"-?\d{{4,}}{_ZONE}",
    "gYearMonth": rf"-?\d{{4,}}-\d\d{_ZONE}",
    "integer": _WHOLE,
    "nonNegativeInteger": _WHOLE,
    "positiveInteger": _WHOLE,
}


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A literal about which pyshacl errs: it takes what is no value, or refuses what is one."""

    datatype: str
    text: str
    constraint: str
    reason: str
    is_value: bool = False


PYSHACL = (
    Tolerated("gYear", "soon", "sh:datatype xsd:gYear", "it takes any text for a year"),
    Tolerated("gYearMonth", "soon", "sh:datatype xsd:gYearMonth", "it takes any text for a month"),
    Tolerated(
        "dateTime", "2017-12-31", "sh:datatype xsd:dateTime", "it takes a day for its first moment"
    ),
    *(
        Tolerated(
            name,
            "\\n5",
            f"sh:datatype xsd:{name}",
            "it reads numbers as Python does, which drops spaces around them",
        )
        for name in (
            *("decimal", "double", "float", "integer", "nonNegativeInteger", "positiveInteger"),
        )
    ),
    Tolerated(
        "nonNegativeInteger",
        "x 5",
        "sh:minInclusive 0",
        "it says nothing where a comparison fails, of which SHACL 4.5 makes a result",
    ),
    *(
        Tolerated(
            name,
            text,
            f"sh:datatype xsd:{name}",
            "Python has no dates before our era",
            is_value=True,
        )
        for name, text in (("date", "-0044-03-15"), ("dateTime", "-0044-03-15T12:00:00Z"))
    ),
)

_TAKEN = {one.datatype for one in PYSHACL if not one.is_value}
_REFUSED = {one.datatype for one in PYSHACL if one.is_value}


def may_differ(oracle: str, ntriples: str, focus_node: str, path: str) -> bool:
    """Tell whether a difference is one of these: there is such a literal at the place."""
    return oracle == "pyshacl" and any(
        _is_misjudged(value)
        for subject, predicate, value in statements_of(ntriples)
        if subject == focus_node and predicate[1:-1] in path and value[0] == '"'
    )


def _is_misjudged(term: str) -> bool:
    said = literal(term)
    name = said.datatype.removeprefix(XSD)
    is_before_our_era = re.fullmatch(r"-\d{4,}-\d\d-\d\d\S*", said.text, re.ASCII)
    if name in _REFUSED and is_before_our_era:
        return True
    return name in _TAKEN and not re.fullmatch(_LEXICAL[name], said.text, re.ASCII)
