"""How the sentence of a rule names what was found: short, on one line, as Turtle names it."""

import re
from collections.abc import Mapping

import pyoxigraph as ox

from catalog.domain.identifiers import VOCAB
from catalog.domain.rules.walks import Solution, Term

_MOST_MEMBERS = 9
_LONGEST_SHOWN = 80

_PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")


def sentence(message: str, found: Solution, prefixes: Mapping[str, str]) -> str:
    """Return a message in which what was found stands for the variables in braces.

    prefixes  prefix to namespace, by which properties and classes are named
    """
    return _PLACEHOLDER.sub(lambda name: _shown(found[name[1]], prefixes), message)


def _shown(term: Term | str | tuple[Term, ...], prefixes: Mapping[str, str]) -> str:
    if isinstance(term, str):
        return term
    if isinstance(term, tuple):
        return _way([_shown(one, prefixes) for one in term])
    if isinstance(term, ox.Literal):
        tag = f"@{term.language}" if term.language else ""
        return f'"{_visible(term.value)}"{tag}'
    if isinstance(term, ox.NamedNode):
        return _named(term.value, prefixes)
    return "a node without a name"


def _way(named: list[str]) -> str:
    """Return names that follow each other; of a long way the middle is left out."""
    if len(named) > _MOST_MEMBERS + 1:
        named[_MOST_MEMBERS:-1] = [f"{len(named) - _MOST_MEMBERS - 1} more"]
    return " → ".join(named)


def _named(iri: str, prefixes: Mapping[str, str]) -> str:
    if iri.startswith(VOCAB):
        scheme, slash, concept = iri[len(VOCAB) :].partition("/")
        if slash and concept and "/" not in concept:
            return f"{scheme}:{concept}"
        if scheme.endswith(".ttl") and not slash:
            return f"vocab/{scheme}"
    for prefix, namespace in prefixes.items():
        if namespace != VOCAB and iri.startswith(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{_visible(iri, 2 * _LONGEST_SHOWN)}>"


def _visible(text: str, longest: int = _LONGEST_SHOWN) -> str:
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(c if c.isprintable() else f"[U+{ord(c):04X}]" for c in cut)
