"""What the formats that speak schema.org share: Croissant, RO-Crate and CodeMeta.

They are read by key, never by a context fetched from elsewhere.
"""

import re
from collections.abc import Mapping
from typing import Any

from catalog.domain.importing.addresses import address_of, doi_of, mailbox_of, words_in
from catalog.domain.importing.agents import agent_in, say_agents
from catalog.domain.importing.coverage import period, places
from catalog.domain.importing.gathering import (
    Gathering,
    Reader,
    lose_others,
    lost,
    of_the_form,
    read_keys,
    to,
)
from catalog.domain.importing.licences import say_licence
from catalog.domain.importing.nodes import (
    each,
    id_of,
    in_short,
    local,
    name_of,
    place_of,
    texts_in,
    types_of,
)
from catalog.domain.importing.own_terms import own_readers
from catalog.domain.importing.values import concept_of, is_empty, shown


def read_work(
    gathering: Gathering, node: Mapping[str, Any], readers: Mapping[str, Reader], at: str = ""
) -> None:
    """Let the keys of a creative work be read, all within them in short."""
    known = {key: in_short(raw) for key, raw in node.items()}
    of_the_node: dict[str, Reader] = {"id": of_the_form, "type": of_the_form}
    own = own_readers(gathering, known, lambda key: local(key) in readers)

    def named(key: str) -> str:
        return key if key in own else local(key)

    read_keys(gathering, known, {**of_the_node, **readers, **own}, at, named)


# ---- texts, addresses, agents


def text(prop: str) -> Reader:
    """Return a reader of a text that may come in languages."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        for one, at in texts_in(raw, pointer):
            gathering.say(gathering.item, prop, one, at)

    return read


def where(prop: str) -> Reader:
    """Return a reader of things that have a web address: texts, references and objects."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        for one, at in each(raw, pointer):
            found = place_of(gathering.look(one))
            gathering.say(gathering.item, prop, found or name_of(one), at)

    return read


def agents(prop: str, *, organisation: bool = False) -> Reader:
    """Return a reader of persons and organisations."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        for one, at in each(raw, pointer):
            say_agents(
                gathering, gathering.item, prop, gathering.look(one), at, organisation=organisation
            )

    return read


def role(word: str, *, organisation: bool = False) -> Reader:
    """Return a reader of those who have a role; one without a term makes them contributors."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        concept = concept_of(word, ("contributor-role",), gathering.names)
        for one, at in each(raw, pointer):
            if concept is None:
                gathering.tell(at, f"Who is {word} is kept as a contributor, without the role.")
                say_agents(
                    gathering, gathering.item, "dct:contributor", gathering.look(one), at,
                    organisation=organisation, but="dct:creator",
                )  # fmt: skip
                continue
            part = gathering.part("prov:Attribution")
            known = gathering.look(one)
            say_agents(gathering, part, "prov:agent", known, at, organisation=organisation)
            if part.said:
                gathering.say(part, "dcat:hadRole", concept, at)
                gathering.add(gathering.item, "prov:qualifiedAttribution", part, at)

    return read


def contact(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read whom to ask."""
    for one, at in each(raw, pointer):
        node = gathering.look(one)
        if isinstance(node, str):
            agent = agent_in(node)
            node = {"name": agent.full_name, "email": agent.mailbox or node, "url": agent.page}
        if not isinstance(node, Mapping):
            gathering.lose(at, f"{shown(one)} says neither a name nor an address.")
            continue
        part = gathering.part("vcard:Kind")
        gathering.say(part, "vcard:fn", node.get("name"), at)
        gathering.say(part, "vcard:hasEmail", mailbox_of(node.get("email")), at)
        gathering.say(part, "vcard:hasURL", address_of(node.get("url")), at)
        if not gathering.add(gathering.item, "dcat:contactPoint", part, at):
            gathering.lose(at, f"{shown(one)} says neither a name nor an address.")


def licence(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read the licence of the item."""
    for one, at in each(raw, pointer):
        say_licence(gathering, gathering.item, gathering.look(one), at)


def keywords(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read keywords: a text with commas, a list, or defined terms."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        if gathering.would_take(gathering.item, "dcat:theme", id_of(known)):
            gathering.say(gathering.item, "dcat:theme", id_of(known), at)
        elif isinstance(known, Mapping):
            for word, place in texts_in(known.get("name", known.get("@value")), at):
                gathering.say(gathering.item, "dcat:keyword", word, place)
            if not known.get("name") and "@value" not in known:
                gathering.say(gathering.item, "dcat:keyword", known, at)
        else:
            for word, place in words_in(known, at):
                gathering.say(gathering.item, "dcat:keyword", word, place)


_TWO, _THREE = re.compile(r"[a-z]{2}"), re.compile(r"[a-z]{3}")


def languages(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read languages by their codes: two letters of ISO 639-1, three of ISO 639-3."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        if isinstance(known, Mapping):
            known = known.get("alternateName", known.get("name", known.get("@id")))
        code = str(known).partition("-")[0].lower() if isinstance(known, str) else ""
        if _TWO.fullmatch(code):
            known = f"http://id.loc.gov/vocabulary/iso639-1/{code}"
        elif _THREE.fullmatch(code):
            known = f"http://publications.europa.eu/resource/authority/language/{code.upper()}"
        gathering.say(gathering.item, "dct:language", known, at)


# ---- identifiers and grants


def identifiers(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read identifiers given elsewhere: DOIs, SWHIDs, addresses, property values."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        agency = None
        if isinstance(known, Mapping):
            agency = known.get("propertyID")
            known = known.get("value", known.get("@id", known.get("@value", known.get("url"))))
        several = re.split(r"[;,]\s+", known) if isinstance(known, str) else [known]
        for single in several:
            say_identifier(gathering, single, at, agency)


def say_identifier(gathering: Gathering, raw: Any, pointer: str, agency: Any = None) -> None:
    """Say an identifier that something else than the catalog gave."""
    if is_empty(raw):
        return
    if not isinstance(raw, str | int):
        gathering.lose(pointer, f"{shown(raw)} is no identifier.")
        return
    if gathering.would_take(gathering.item, "sage:swhid", raw):
        gathering.say(gathering.item, "sage:swhid", raw, pointer)
        return
    doi = doi_of(raw)
    kind = "DOI" if doi else "URL" if address_of(raw) else None
    part = gathering.part("adms:Identifier")
    gathering.say(part, "skos:notation", doi or raw, pointer)
    given = agency if isinstance(agency, str) and not address_of(agency) else None
    named = concept_of(kind or given, ("datacite-identifier-type",), gathering.names)
    if named:
        gathering.say(part, "sage:identifierType", named, pointer)
    elif given:
        gathering.say(part, "adms:schemaAgency", given, pointer)
    gathering.add(gathering.item, "adms:identifier", part, pointer)


def funding(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read grants; funding in words stays in words."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        if isinstance(known, str | int):
            _say_funding_in_words(gathering, known, at)
        elif isinstance(known, Mapping):
            _say_grant(gathering, known, at)
        else:
            gathering.lose(at, f"{shown(known)} is no grant.")


def _say_funding_in_words(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Say funding in words, as the name of a grant where the item has no words for it."""
    if gathering.has_field("sage:fundingText"):
        gathering.say(gathering.item, "sage:fundingText", raw, pointer)
        return
    part = gathering.part("schema:Grant")
    gathering.say(part, "schema:name", raw, pointer)
    gathering.add(gathering.item, "schema:funding", part, pointer)


def _say_grant(gathering: Gathering, node: Mapping[str, Any], pointer: str) -> None:
    part = gathering.part("schema:Grant")
    number = node.get("identifier")
    if isinstance(number, Mapping):
        number = number.get("value", number.get("@id"))
    gathering.say(part, "schema:identifier", number, pointer)
    for word, at in texts_in(node.get("name"), pointer):
        gathering.say(part, "schema:name", word, at)
    for funder in (node.get("funder"), node.get("sponsor")):
        say_agents(gathering, part, "schema:funder", funder, pointer, organisation=True)
    gathering.say(part, "schema:url", address_of(node.get("url")), pointer)
    gathering.say(part, "schema:startDate", node.get("startDate"), pointer)
    gathering.say(part, "schema:endDate", node.get("endDate"), pointer)
    if not gathering.add(gathering.item, "schema:funding", part, pointer):
        gathering.lose(pointer, "This grant has no number, name or funder.")
    lose_others(gathering, node, _GRANT, pointer, "grant")


_GRANT = frozenset(
    {"identifier", "name", "funder", "sponsor", "url", "startDate", "endDate", "id", "type"}
)


def funder(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read who paid, as a grant of which no more is known."""
    for one, at in each(raw, pointer):
        known = gathering.look(one)
        grant = types_of(known) & {"Grant", "MonetaryGrant"}
        if isinstance(known, Mapping) and grant:
            _say_grant(gathering, known, at)
            continue
        part = gathering.part("schema:Grant")
        say_agents(gathering, part, "schema:funder", known, at, organisation=True)
        gathering.add(gathering.item, "schema:funding", part, at)


# ---- the keys of every creative work


def conditions(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Read conditions in words; those that stand elsewhere, by their address."""
    for one, at in texts_in(raw, pointer):
        part = gathering.part("dct:RightsStatement")
        known = gathering.look(one)
        word = name_of(known) if isinstance(known, Mapping) and "@value" not in known else known
        gathering.say(part, "rdfs:label", word, at)
        gathering.add(gathering.item, "dct:rights", part, at)


CREATIVE_WORK: Mapping[str, Reader] = {
    "name": text("dct:title"),
    "alternateName": text("dct:alternative"),
    "description": text("dct:description"),
    "abstract": text("dct:description"),
    "url": to("dcat:landingPage"),
    "license": licence,
    "author": agents("dct:creator"),
    "creator": agents("dct:creator"),
    "contributor": agents("dct:contributor"),
    "editor": role("editor"),
    "maintainer": role("maintainer"),
    "producer": role("producer", organisation=True),
    "provider": role("distributor", organisation=True),
    "sponsor": role("sponsor", organisation=True),
    "publisher": agents("dct:publisher", organisation=True),
    "copyrightHolder": agents("dct:rightsHolder", organisation=True),
    "contactPoint": contact,
    "keywords": keywords,
    "about": keywords,
    "datePublished": to("dct:issued"),
    "dateCreated": to("dct:created"),
    "dateModified": lost("the catalog writes the date of the last change itself."),
    "version": to("dcat:version"),
    "inLanguage": languages,
    "identifier": identifiers,
    "sameAs": where("dct:relation"),
    "citation": where("dct:references"),
    "subjectOf": where("dct:isReferencedBy"),
    "funding": funding,
    "funder": funder,
    "temporalCoverage": period,
    "spatialCoverage": places,
    "contentLocation": places,
    "isBasedOn": where("prov:wasDerivedFrom"),
    "wasDerivedFrom": where("prov:wasDerivedFrom"),
    "isPartOf": where("dct:isPartOf"),
    "hasPart": where("dct:hasPart"),
    "mentions": where("dct:relation"),
    "conformsTo": where("dct:conformsTo"),
    "usageInfo": conditions,
    "conditionsOfAccess": conditions,
    "copyrightNotice": conditions,
    "measurementTechnique": text("it6:collectionMethod"),
    "creativeWorkStatus": lost("in which state an item is, is known to the catalog itself."),
    "isAccessibleForFree": lost("who may have the files is set in the catalog."),
}
"""Reader of each key of schema.org that has a home here, whatever the type of the work."""
