"""The addresses from which a description says that its bytes come, or where they lie."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from catalog.domain.identifiers import RECORD
from catalog.domain.writing import DCAT

MOST: Final = 200
"""Addresses of one description that are kept."""

_LONGEST_BYTES: Final = 1024
_SAYING: Final = frozenset(
    {
        f"<{DCAT}accessURL>",
        f"<{DCAT}downloadURL>",
        "<http://www.w3.org/ns/prov#wasDerivedFrom>",
    }
)


def addresses_in(statements: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return the addresses on the web that some statements give as places or sources of bytes.

    statements  in terms of N-Triples; items of this catalog are no addresses on the web

    Each is spelled as all others of the same meaning: see `plain_address`.
    """
    found = (
        plain_address(value[1:-1])
        for _, predicate, value in statements
        if predicate in _SAYING and value.startswith("<http")
    )
    kept = dict.fromkeys(address for address in found if address is not None)
    return tuple(kept)[:MOST]


def plain_address(iri: str) -> str | None:
    """Return an address in one of its spellings; None for what is none, or is ours, or too long.

    >>> plain_address("HTTPS://Example.org/a/?b=C#d")
    'https://example.org/a?b=C'
    """
    if iri.startswith(RECORD):
        return None
    try:
        parts = urlsplit(iri)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return None
    plain = parts._replace(
        scheme=parts.scheme.lower(),
        netloc=parts.netloc.lower(),
        path=parts.path.rstrip("/"),
        fragment="",
    ).geturl()
    return plain if len(plain.encode()) <= _LONGEST_BYTES else None
