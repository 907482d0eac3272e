"""The formats of others that an item is offered in: by suffix, by `Accept`, and as links."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response

from api.answers import body
from api.citing import BIBLIOGRAPHY, bibliography
from api.context import actor, parts
from api.negotiation import choose, profile_accepted
from catalog.domain.errors import NotFound
from catalog.domain.exporting import (
    bibtex,
    citation_forms,
    codemeta,
    croissant,
    csl,
    datacite_forms,
    jats,
    ris,
    ro_crate,
    schema_org,
)
from catalog.domain.exporting.exported import Exported
from catalog.domain.exporting.schema_terms import types_written_as
from catalog.domain.lifecycle import State
from catalog.domain.profiles.packing import described_in_packs
from catalog.domain.record import ItemRecord
from catalog.library import library
from catalog.services.read import Seen, read


@dataclass(frozen=True, slots=True)
class Export:
    """A format as requests name it: by the suffix of an address, or in `Accept`.

    suffix   without its first dot, such as `datacite.json`
    form     media type; no two exports have the same but for `profile`
    label    what pages call it
    make     writes it
    aliases  further media types that ask for it
    profile  the IRI that tells it from another form of the same media type, or ""
    types    the item types that it is offered for; empty for all
    """

    suffix: str
    form: str
    label: str
    make: Callable[[Exported], bytes]
    aliases: tuple[str, ...] = ()
    profile: str = ""
    types: frozenset[str] = frozenset()

    def is_offered_for(self, item_type: str) -> bool:
        """Tell whether items of a type have this format."""
        return not self.types or item_type in self.types


def _written_as(*classes: str) -> frozenset[str]:
    """Return the item types that are one of these classes of schema.org."""
    return types_written_as(library().vocabularies, *classes)


EXPORTS: Final[tuple[Export, ...]] = (
    Export("schema.jsonld", schema_org.FORM, "schema.org", schema_org.written,
           aliases=(schema_org.FORM_OF_ITS_OWN,), profile=schema_org.IRI),
    Export("croissant.json", croissant.MEDIA_TYPE, "Croissant", croissant.croissant,
           profile=croissant.CONFORMS_TO, types=_written_as("Dataset")),
    Export("crate.json", ro_crate.MEDIA_TYPE, "RO-Crate", ro_crate.ro_crate,
           profile=ro_crate.PROFILE),
    Export("codemeta.json", codemeta.MEDIA_TYPE, "CodeMeta", codemeta.codemeta,
           types=_written_as("SoftwareSourceCode", "SoftwareApplication")),
    Export("datacite.json", datacite_forms.JSON, "DataCite JSON", datacite_forms.datacite_json),
    Export("datacite.xml", datacite_forms.XML, "DataCite XML", datacite_forms.datacite_xml,
           aliases=("application/x-datacite+xml",)),
    Export("crosscite.json", datacite_forms.CROSSCITE, "Crosscite",
           datacite_forms.crosscite_json),
    Export("bib", bibtex.FORM, "BibTeX", citation_forms.bib),
    Export("ris", ris.FORM, "RIS", citation_forms.ris_record),
    Export("csl.json", csl.FORM, "CSL-JSON", citation_forms.csl_json,
           aliases=("application/citeproc+json",)),
    Export("citation.txt", BIBLIOGRAPHY, "Citation", bibliography),
    Export("jats.xml", jats.FORM, "JATS", citation_forms.jats_xml),
    Export("csv", citation_forms.CSV, "CSV", citation_forms.table_row),
)  # fmt: skip


def export_asked(forms: Sequence[str], suffix: str | None) -> Export | None:
    """Return the format that the request asks for; None where it is one of `forms` instead."""
    if suffix is not None:
        return next((export for export in EXPORTS if export.suffix == suffix), None)
    named = {name: one for one in reversed(EXPORTS) for name in (*one.aliases, one.form)}
    form = choose((*forms, *(name for name in named if name not in forms)))
    if form not in forms:
        return named[form]
    profile = profile_accepted(form, {one.profile.lower() for one in EXPORTS if one.profile})
    asked = (one for one in EXPORTS if one.form == form and one.profile)
    return next((one for one in asked if one.profile.lower() == profile), None)


def exports_for(item_type: str) -> tuple[Export, ...]:
    """Return the formats in which items of a type are offered."""
    return tuple(export for export in EXPORTS if export.is_offered_for(item_type))


def exported(seen: Seen) -> Exported:
    """Return what exporters are given of an item that was read."""
    cited = records_of(described_in_packs(seen.record.ntriples, seen.names))
    return Exported(seen.record, parts().library, parts().settings.house, seen.names, cited)


def alone(seen: Seen) -> Exported:
    """Return the same without looking up the items that it cites: what links and pages need."""
    return Exported(seen.record, parts().library, parts().settings.house, seen.names, {})


def in_export(seen: Seen, export: Export) -> Response:
    """Return an item in one of the formats; NotFound where its type is not offered in it."""
    if not export.is_offered_for(seen.record.type):
        raise NotFound(f"There is no form .{export.suffix} of this.")
    return body(export.make(exported(seen)), export.form)


def records_of(ids: Iterable[str]) -> dict[str, ItemRecord]:
    """Return the records of items by id, without those of which there is nothing to see."""
    found = {}
    for item_id in ids:
        try:
            record = read(parts(), actor(), item_id).record
        except NotFound:
            continue
        if record.state is not State.WITHDRAWN:
            found[item_id] = record
    return found
