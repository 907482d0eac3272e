"""Which bytes elsewhere a description refers to, and what it says identifies them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from catalog.domain.description import Description, is_literal
from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import RECORD, SAGE
from catalog.domain.references.addresses import (
    Address,
    GitHub,
    Image,
    Kind,
    Part,
    kind_of,
    read_address,
)
from catalog.domain.references.looking import host_of

MOST: Final = 200
"""References of one description that are looked at."""

_LONGEST_PART: Final = 255
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_SPDX: Final = "http://spdx.org/rdf/terms#"
_SHA256: Final = f"{_SPDX}checksumAlgorithm_sha256"
_REPOSITORY: Final = "https://schema.org/codeRepository"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference of a description.

    part      the fragment of the distribution, "" for the item itself
    address   as the description has it; of an image its full name
    said      what the description says identifies the bytes, by the names of `Facts`
    """

    part: str
    address: str
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def read(self) -> Address:
        """What the address means; raises NotAcceptable where it means nothing."""
        return read_address(self.address)

    @property
    def kind(self) -> Kind:
        """Of which kind it is."""
        return kind_of(self.read)

    @property
    def host(self) -> str:
        """Which host is asked about it."""
        return host_of(self.read)


def references_of(item: str, ntriples: str) -> tuple[Reference, ...]:
    """Return what a stored description refers to: its distributions, its image or repository.

    item  its IRI, as the record spells it

    Files kept here, items of this catalog and what cannot be asked about are none.
    """
    if f"{_DCAT}distribution>" not in ntriples and not any(
        f"<{name}>" in ntriples for name in (_REPOSITORY, f"{SAGE}image")
    ):
        return ()
    description = Description(item, ntriples)
    found = (*_of_distributions(description), *_of_the_item(description))
    return tuple(one for one in found if _can_be_asked(one))[:MOST]


def _can_be_asked(one: Reference) -> bool:
    try:
        return len(one.host) > 0
    except NotAcceptable:
        return False


def _of_distributions(description: Description) -> Iterator[Reference]:
    for term in description.by_subject.get(f"<{description.item}>", {}).get(
        f"<{_DCAT}distribution>", ()
    ):
        if is_literal(term) or not term.startswith(f"<{description.item}#"):
            continue
        addresses = (
            *description.iris(f"{_DCAT}downloadURL", of=term),
            *description.iris(f"{_DCAT}accessURL", of=term),
        )
        outside = [one for one in addresses if not one.startswith(RECORD)]
        if outside:
            part = term[1:-1].partition("#")[2]
            if len(part) <= _LONGEST_PART:
                yield Reference(part, outside[0], _said(description, term))


def _of_the_item(description: Description) -> Iterator[Reference]:
    """Yield the image that an item is, or else the repository that it is from."""
    item = f"<{description.item}>"
    said = _said(description, item)
    if image := description.text(f"{SAGE}image", of=item):
        yield Reference("", image, _only(said, "digest"))
        return
    for address in description.iris(_REPOSITORY, of=item)[:1]:
        yield _repository(description, address, _only(said, "commit"))


def _repository(description: Description, address: str, said: Mapping[str, Any]) -> Reference:
    """Return a repository at the tag, commit or branch that the item states, in this order.

    Where the item states its commit, that a branch has moved on takes nothing from it.
    """
    item = f"<{description.item}>"
    stated = (
        description.text(f"{SAGE}tag", of=item),
        said.get("commit"),
        description.text(f"{SAGE}branch", of=item),
    )
    ref = next(filter(None, stated), "")
    try:
        read = read_address(address)
    except NotAcceptable:
        return Reference("", address, said)
    if isinstance(read, GitHub) and read.part is Part.REPOSITORY and ref:
        fixed = replace(read, part=Part.FOLDER, ref=ref)
        return Reference(
            "", f"{fixed.repository}/commit/{ref}" if "/" not in ref else address, said
        )
    if isinstance(read, Image):
        return Reference("", read.name, said)
    return Reference("", address, said)


def _only(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: said[name]} if name in said else {}


def _said(description: Description, term: str) -> dict[str, Any]:
    size = description.text(f"{_DCAT}byteSize", of=term)
    known = {
        "size_bytes": int(size) if size and size.isdecimal() and len(size) < 20 else None,
        "commit": description.text(f"{SAGE}commit", of=term),
        "digest": description.text(f"{SAGE}digest", of=term),
        "etag": _bare(description.text(f"{SAGE}etag", of=term)),
        "sha256": _sha256(description, term),
    }
    return {name: value for name, value in known.items() if value not in (None, "")}


def _bare(etag: str | None) -> str | None:
    return etag.removeprefix("W/").strip('"') if etag else None


def _sha256(description: Description, term: str) -> str | None:
    for checksum in description.iris(f"{_SPDX}checksum", of=term):
        of = f"<{checksum}>"
        if _SHA256 in description.iris(f"{_SPDX}algorithm", of=of):
            value = description.text(f"{_SPDX}checksumValue", of=of)
            return value.lower() if value else None
    return None
