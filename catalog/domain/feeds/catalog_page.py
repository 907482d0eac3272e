"""The catalog as a DCAT document in pages, as other catalogs harvest it (DCAT-AP, with Hydra)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from catalog.domain.description import TYPE, XSD, Statement, term_of_text
from catalog.domain.exporting.exported import Exported
from catalog.domain.profiles import dcat_ap
from catalog.domain.profiles.graph import each, term
from catalog.domain.profiles.packing import CATALOG, DATASET, DESCRIPTION, RESOURCE, TITLE
from catalog.domain.writing import House, rebased

HYDRA: Final = "http://www.w3.org/ns/hydra/core#"

_MEMBERSHIP: Final = (
    (CATALOG, term("dcat:catalog")),
    (DATASET, term("dcat:dataset")),
    (RESOURCE, term("dcat:resource")),
)
"""By which property a catalog holds what is of a class; the first class that fits."""


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of the document, and those around it.

    number     of this page, from 1
    last       the number of the last page
    total      how many items there are on all of them
    addresses  of this page and each that it names, by number
    """

    number: int
    last: int
    size: int
    total: int
    addresses: Mapping[int, str]

    @property
    def around(self) -> dict[str, int]:
        """The pages that this one leads to, by what Hydra calls them."""
        found = {"first": 1, "last": self.last}
        if self.number > 1:
            found["previous"] = self.number - 1
        if self.number < self.last:
            found["next"] = self.number + 1
        return found


def document(
    exported: Sequence[Exported], house: House, title: str, changed: datetime | None, paging: Paging
) -> Iterator[Statement]:
    """Yield a page: the catalog, what it holds of these items, and each of them complete.

    changed  when anything public changed last
    """
    catalog = f"<{house.base}catalog>"
    yield from _catalog(catalog, house, title, changed)
    yield from _view(catalog, paging)
    for one in exported:
        pack = dcat_ap.export(one.record, one.meaning, one.house, one.names, one.cited)
        said = tuple(rebased(pack, house.base))
        classes = {
            kind for subject, prop, kind in said if prop == TYPE and subject[1:-1] == one.iri
        }
        holds = next(prop for kind, prop in _MEMBERSHIP if kind in classes)
        yield catalog, holds, f"<{one.iri}>"
        yield from said


def _catalog(
    catalog: str, house: House, title: str, changed: datetime | None
) -> Iterator[Statement]:
    publisher = f"{catalog[:-1]}#publisher>"
    yield catalog, TYPE, CATALOG
    yield catalog, TITLE, term_of_text(title, "en")
    yield (
        catalog,
        DESCRIPTION,
        term_of_text(f"Everything that is public in {title}: data, models, code, apps.", "en"),
    )
    yield catalog, term("dct:publisher"), publisher
    for kind in each("foaf:Agent", "foaf:Organization"):
        yield publisher, TYPE, kind
    yield publisher, term("foaf:name"), term_of_text(house.publisher_name, "en")
    yield catalog, term("foaf:homepage"), f"<{house.base}>"
    yield f"<{house.base}>", TYPE, term("foaf:Document")
    if changed is not None:
        moment = changed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield catalog, term("dct:modified"), term_of_text(moment, None, f"{XSD}dateTime")


def _view(catalog: str, paging: Paging) -> Iterator[Statement]:
    """Yield the page in both spellings of Hydra: today's, and the one that CKAN began with."""
    view = f"<{paging.addresses[paging.number]}>"
    yield catalog, f"<{HYDRA}view>", view
    for kind in ("PartialCollectionView", "PagedCollection"):
        yield view, TYPE, f"<{HYDRA}{kind}>"
    for name, number in (("totalItems", paging.total), ("itemsPerPage", paging.size)):
        yield view, f"<{HYDRA}{name}>", term_of_text(str(number), None, f"{XSD}integer")
    for name, number in paging.around.items():
        address = f"<{paging.addresses[number]}>"
        yield view, f"<{HYDRA}{name}>", address
        yield view, f"<{HYDRA}{name}Page>", address
