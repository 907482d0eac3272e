"""Which names the catalog gives: item ids, IRIs under the record's base, names of files."""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, unquote

from catalog.domain.errors import NotAcceptable

RECORD = "https://catalog.invalid/"
"""The base under which the record writes its own IRIs; the host cannot exist (RFC 2606)."""

SAGE = "https://w3id.org/sage/ns#"
SHAPES = "https://w3id.org/sage/shapes/"
VOCAB = "https://w3id.org/sage/vocab/"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10
_IN_FILE_IRI = "-._~/"
_REFUSED_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _check_character(payload: str) -> str:
    """Return the Luhn mod 32 check character of `payload`."""
    total = 0
    for place, character in enumerate(reversed(payload)):
        addend = _ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        total += addend // 32 + addend % 32
    return _ALPHABET[-total % 32]


def draw_id() -> str:
    """Return a new item id: nine random characters of Crockford base32 and a check character."""
    payload = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH - 1))
    return payload + _check_character(payload)


def is_id(text: str) -> bool:
    """Tell whether `text` is an item id: ten characters, the last of which checks the others.

    >>> is_id("0000000000"), is_id("0000000001")
    (True, False)
    """
    return (
        len(text) == _LENGTH
        and all(character in _ALPHABET for character in text)
        and text[-1] == _check_character(text[:-1])
    )


def item_iri(item_id: str, base: str = RECORD) -> str:
    """Return the IRI of an item under `base`, which ends in a slash."""
    return f"{base}items/{item_id}"


def concept_doi(item_id: str, prefix: str) -> str:
    """Return the DOI of an item that names all its versions and resolves to the newest.

    >>> concept_doi("w62kz7rwhm", "10.5072")
    '10.5072/sage.w62kz7rwhm'
    """
    return f"{prefix}/sage.{item_id}"


def version_doi(item_id: str, n: int, prefix: str) -> str:
    """Return the DOI of version `n` of an item, counted from 1."""
    return f"{concept_doi(item_id, prefix)}.v{n}"


# What may stand in an IRI (RFC 3987), without the characters that change direction.
_ADDRESS = re.compile(r"""https?://[^\s<>"{}|\\^`\x00-\x20\x7f-\x9f\u202a-\u202e\u2066-\u2069]+""")
_LONGEST_ADDRESS = 2048
_ITEM_IRI = re.compile(re.escape(RECORD) + r"items/([^/#?]+)")


def item_of(iri: str) -> str | None:
    """Return the id of the item that a record IRI belongs to (its versions and files as well)."""
    found = _ITEM_IRI.match(iri)
    return found.group(1) if found else None


def cited_items(iris: Iterable[str], own: str) -> tuple[str, ...]:
    """Return the ids of the other items among `iris`, sorted, each once."""
    return tuple(sorted({found for iri in iris if (found := item_of(iri)) and found != own}))


def replacement(said: str | None, bases: Iterable[str]) -> str | None:
    """Return the IRI of what takes an item's place, of the record where it is one of its items.

    said   the id of an item, or an address; None or nothing for nothing
    bases  addresses under which this catalog ran, each ending in a slash

    Raises NotAcceptable for anything else.
    """
    text = (said or "").strip()
    if not text:
        return None
    for base in (RECORD, *bases):
        text = text.removeprefix(f"{base}items/")
    if is_id(text):
        return item_iri(text)
    if len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) and not text.startswith(RECORD):
        return text
    raise NotAcceptable("replaced_by is the id or the address of the item that replaces this one.")


def with_slash(base_url: str) -> str:
    """Return a base URL with exactly one slash at its end."""
    return base_url.rstrip("/") + "/"


def file_name(text: str) -> str:
    """Return `text` as the catalog keeps names of files, or refuse it.

    A name is a path of segments by "/", each NFC and of 1 to 255 bytes, without control or
    bidirectional characters and not "." or ".."; 1,024 bytes in all (contract section 5).
    """
    try:
        name = unicodedata.normalize("NFC", text)
        size = len(name.encode())
    except UnicodeEncodeError:
        raise NotAcceptable("The file name is not Unicode text.") from None
    if size > 1024:
        raise NotAcceptable("The file name is longer than 1,024 bytes.")
    for character in name:
        if character in _BIDI or unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise NotAcceptable(
                f"The file name holds U+{ord(character):04X}, a control or direction character."
            )
    if "\\" in name:
        raise NotAcceptable("The file name holds a backslash; separate folders by a slash.")
    for segment in name.split("/"):
        if segment in {"", ".", ".."}:
            raise NotAcceptable("The file name has an empty segment, or one that is '.' or '..'.")
        if len(segment.encode()) > 255:
            raise NotAcceptable("A segment of the file name is longer than 255 bytes.")
    return name


def folded(name: str) -> str:
    """Return the form of a file name by which it is unique within its item."""
    return unicodedata.normalize("NFC", name.casefold())


def quoted(name: str) -> str:
    """Return a file name as it stands in IRIs: percent-encoded from NFC UTF-8, upper-case hex."""
    return quote(unicodedata.normalize("NFC", name), safe=_IN_FILE_IRI)


def unquoted(text: str) -> str:
    """Return the file name that stands percent-encoded in an IRI."""
    return unicodedata.normalize("NFC", unquote(text))
