"""What an item consists of and who may use it: files, sizes, formats and rights at DataCite."""

import re
from collections.abc import Iterator
from typing import Final

from catalog.domain.description import is_literal, literal
from catalog.domain.exporting.datacite_meaning import Object, iri, of_text, one_line
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.identifiers import RECORD
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.writing import FILES_AS_DISTRIBUTIONS, MEDIA_TYPES

_SPDX: Final = "https://spdx.org/licenses/"
_WEB: Final = re.compile(r"(?:https?|ftp)://\S+")
_LONGEST_RIGHTS: Final = 2000
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")


def sizes(exported: Exported) -> list[str]:
    """Return how large all files are together, where each says so, and how many there are."""
    said, record = exported.description, exported.record
    nodes = said.values(iri("dcat:distribution"))
    if record.files_total > FILES_AS_DISTRIBUTIONS:
        return [f"{record.files_total} files"]
    stated = [said.text(iri("dcat:byteSize"), of=node) for node in nodes]
    counted = [int(size) for size in stated if size and re.fullmatch(r"\d{1,18}", size, re.ASCII)]
    complete = bool(nodes) and len(counted) == len(nodes)
    return [
        *([size_in_words(sum(counted))] if complete else []),
        *([f"{len(nodes)} files"] if len(nodes) > 1 else []),
    ]


def size_in_words(size_bytes: int) -> str:
    """Return a number of bytes with the decimal unit that leaves at most three digits before it.

    >>> size_in_words(999), size_in_words(12_300_000_000)
    ('999 bytes', '12.3 GB')
    """
    size, unit = float(size_bytes), 0
    while round(size, 1) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size_bytes} bytes" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def formats_and_urls(exported: Exported) -> tuple[list[str], list[str]]:
    """Return the media types of files and the addresses of their bytes, in the same order.

    DataCite pairs the two lists by place, so files with both stand first. Of the bytes kept here
    only those that everybody may have are given away.
    """
    pairs = [
        (_media_type(exported, node), _bytes_of(exported, node))
        for node in exported.description.values(iri("dcat:distribution"))
    ]
    both = [(form, url) for form, url in pairs if form and url]
    formats = [form for form, _ in both]
    rest = [form for form, url in pairs if form and not url and form not in formats]
    lonely = [url for form, url in pairs if url and not form]
    # A format without an address would be taken for that of an address without a format.
    return formats + list(dict.fromkeys(rest)) * (not lonely), [url for _, url in both] + lonely


def _media_type(exported: Exported, node: str) -> str:
    said, vocabularies = exported.description, exported.meaning.vocabularies
    for form in said.iris(iri("dcat:mediaType"), of=node):
        if form.startswith(MEDIA_TYPES):
            return form[len(MEDIA_TYPES) :]
    for form in said.iris(iri("dct:format"), of=node):
        concept = vocabularies.concept(form)
        if concept is not None:
            return concept.label
    return ""


def _bytes_of(exported: Exported, node: str) -> str:
    record = exported.record
    for url in exported.description.iris(iri("dcat:downloadURL"), of=node):
        if url.startswith(RECORD):
            is_open = record.visibility is Visibility.PUBLIC and record.state is State.PUBLISHED
            return exported.house.base + url[len(RECORD) :] if is_open else ""
        if _WEB.fullmatch(url):
            return url
    return ""


def rights(exported: Exported) -> list[Object]:
    """Return the licences, the conditions in words, and who may reach the content.

    What is not stated has no entry.
    """
    said = exported.description
    found = [
        row
        for path in (iri("dct:license"), iri("dct:rights"))
        for node in said.values(path)
        if node != NOT_STATED and (row := _licence(exported, node))
    ]
    return [*found, *_access(exported)]


def _licence(exported: Exported, node: str) -> Object | None:
    if is_literal(node):
        return _in_words(node)
    concept = exported.meaning.vocabularies.concept(node[1:-1])
    if node[1:].startswith(_SPDX):
        identifier = node[1 + len(_SPDX) : -1]
        return {
            "rights": concept.label if concept else identifier,
            "rightsUri": node[1:-1],
            "rightsIdentifier": identifier.lower(),
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": _SPDX,
            **({"lang": "en"} if concept else {}),
        }
    return _licence_part(exported, node)


def _licence_part(exported: Exported, node: str) -> Object | None:
    """Return a licence, or conditions, that a part of the description states in words."""
    said = exported.description
    texts = said.texts(iri("dct:title"), of=node) or said.texts(iri("rdfs:label"), of=node)
    pages = [one for one in said.iris(iri("foaf:page"), of=node) if _WEB.fullmatch(one)]
    if not texts:
        return {"rights": pages[0], "rightsUri": pages[0]} if pages else None
    chosen = next((one for one in texts if (one.language or "").startswith("en")), texts[0])
    words = one_line(chosen.text)
    if not words:
        return None
    row = of_text("rights", chosen._replace(text=words[:_LONGEST_RIGHTS]))
    if "LicenseDocument" in " ".join(said.iris(_TYPE, of=node)):
        row["rightsIdentifier"] = f"LicenseRef-{_slug(words)}"
    return row | ({"rightsUri": pages[0]} if pages else {})


_TYPE: Final = iri("rdf:type")


def _in_words(node: str) -> Object | None:
    words = one_line(literal(node).text)
    return {"rights": words[:_LONGEST_RIGHTS]} if words else None


def _slug(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.")[:60] or "licence"


def _access(exported: Exported) -> Iterator[Object]:
    for concept_iri in exported.description.iris(iri("dct:accessRights")):
        concept = exported.meaning.vocabularies.concept(concept_iri)
        if concept is not None:
            yield {"rights": concept.label, "rightsUri": concept_iri, "lang": "en"}
