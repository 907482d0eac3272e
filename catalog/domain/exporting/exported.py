"""What every exporter is given: one version of an item, with all that stands around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from catalog.domain.description import Description
from catalog.domain.identifiers import item_iri
from catalog.domain.profiles.packing import Meaning
from catalog.domain.record import ItemName, ItemRecord
from catalog.domain.writing import House, statements_out

TEST_DOI: Final = "test DOI, does not resolve"
"""What stands beside each DOI of a test system."""


@dataclass(frozen=True)
class Exported:
    """One version of an item on its way into another format.

    names  of the items that it cites and that the caller may see, by id
    cited  what the record says about these, as far as it was looked up; may be empty
    """

    record: ItemRecord
    meaning: Meaning
    house: House
    names: Mapping[str, ItemName]
    cited: Mapping[str, ItemRecord]

    @cached_property
    def description(self) -> Description:
        """What the person said, with what the catalog wrote, in the record's own IRIs."""
        said = statements_out(self.record, self.meaning.vocabularies, self.house)
        return Description.of(item_iri(self.record.id), said)

    @property
    def iri(self) -> str:
        """The address of the item, under today's base."""
        return item_iri(self.record.id, self.house.base)

    @property
    def version_iri(self) -> str:
        """The address of the version at hand."""
        return f"{self.iri}/v/{self.record.version}"

    @property
    def doi(self) -> str | None:
        """The version's DOI, else the item's; None where everybody can find neither."""
        dois = self.record.dois
        return next((one for one in (dois.version, dois.concept) if one in dois.findable), None)

    @property
    def doi_url(self) -> str | None:
        """Where that DOI resolves."""
        return f"{self.house.doi_resolver}{self.doi}" if self.doi else None
