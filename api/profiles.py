"""Items in the application profiles of others, asked for by `Accept` or by `?profile=`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from api.answers import body
from api.context import parts
from api.exports import records_of
from api.negotiation import profile_accepted
from catalog.domain.description import Statement
from catalog.domain.errors import Unreadable
from catalog.domain.identifiers import item_iri
from catalog.domain.profiles import dcat_ap, mldcat_ap
from catalog.domain.profiles.packing import described_in_packs
from catalog.domain.writing import RDF_FORMS, rebased, serialized
from catalog.services.read import Seen


@dataclass(frozen=True, slots=True)
class OfferedProfile:
    """A profile as requests name it: in `Accept` by its IRI, in an address by its name."""

    name: str
    iri: str
    export: Callable[..., tuple[Statement, ...]]


PROFILES: Final = {
    one.iri: one
    for one in (
        OfferedProfile("dcat-ap", dcat_ap.IRI, dcat_ap.export),
        OfferedProfile("mldcat-ap", mldcat_ap.IRI, mldcat_ap.export),
    )
}


def profile_asked(form: str) -> OfferedProfile | None:
    """Return the profile that the request wants a form in, None for the catalog's own.

    Raises Unreadable for an unknown name, and for a form that is not RDF.
    """
    named = request.args.get("profile")
    if named is None:
        return PROFILES.get(profile_accepted(form, PROFILES) or "") if form in RDF_FORMS else None
    found = next((one for one in PROFILES.values() if named in (one.name, one.iri)), None)
    if found is None:
        names = " and ".join(one.name for one in PROFILES.values())
        raise Unreadable(
            f"There is no profile {named!r}; {names} are offered.", parameter="profile"
        )
    if form not in RDF_FORMS:
        raise Unreadable(
            "Profiles are offered in RDF only: ask for .ttl, .jsonld, .rdf or .nt.",
            parameter="profile",
        )
    return found


def in_profile(seen: Seen, form: str, profile: OfferedProfile) -> Response:
    """Return an item in an RDF form and a profile."""
    library, settings = parts().library, parts().settings
    record = seen.record
    cited = records_of(described_in_packs(record.ntriples, seen.names))
    said = profile.export(record, library, settings.house, seen.names, cited)
    subject = item_iri(record.id, settings.base)
    response = body(serialized(rebased(said, settings.base), form, subject), form)
    response.headers["Content-Type"] += f'; profile="{profile.iri}"'
    return response
