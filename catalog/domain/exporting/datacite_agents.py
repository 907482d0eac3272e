"""Who made, keeps and paid for an item, as DataCite names persons and organisations."""

import re
from collections.abc import Iterator
from typing import Final

from catalog.domain.description import TYPE, Description
from catalog.domain.exporting.datacite_meaning import (
    CONTRIBUTOR_TYPES,
    Object,
    fields_in_order,
    iri,
    matching,
    one_line,
    texts_of,
    types_by_property,
)
from catalog.domain.exporting.exported import Exported
from catalog.domain.fields import NOT_STATED
from catalog.domain.profiles.graph import each

PERSONAL: Final = "Personal"
ORGANIZATIONAL: Final = "Organizational"

_PERSONS: Final = frozenset(each("foaf:Person", "vcard:Individual"))
_ORGANISATIONS: Final = frozenset(each("foaf:Organization", "vcard:Organization"))
_ORCID: Final = re.compile(r"https?://orcid\.org/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)
_ROR: Final = re.compile(r"https?://(ror\.org/0[a-z0-9]{8})", re.ASCII)
_WEB: Final = re.compile(r"(?:https?|ftp)://\S+")
_CREATOR: Final = iri("dct:creator")
_LAST_PLACE: Final = 10**9


def creators(exported: Exported) -> list[Object]:
    """Return the creators in the order of citation.

    Where they are not stated the publisher stands in their place, as an organisation: DataCite
    demands somebody (contract section 3). Where nothing is said about them there are none.
    """
    said = exported.description
    found = [one for node in in_order(said, said.values(_CREATOR)) if (one := agent(said, node))]
    if not found and NOT_STATED in said.values(_CREATOR):
        return [_as_creator(publisher(exported))]
    return found


def are_creators_stated(exported: Exported) -> bool:
    """Tell whether the description names at least one creator."""
    said = exported.description
    return any(agent(said, node) for node in said.values(_CREATOR))


def _as_creator(publisher: Object) -> Object:
    identifier = publisher.get("publisherIdentifier")
    return {
        "name": publisher["name"],
        "nameType": ORGANIZATIONAL,
        "nameIdentifiers": [_registered(identifier, "nameIdentifier")] if identifier else [],
        "affiliation": [],
    }


def publisher(exported: Exported) -> Object:
    """Return the publisher: the one that is stated, else the catalog's own."""
    said, house = exported.description, exported.house
    for node in said.values(iri("dct:publisher")):
        if name := _name(said, node):
            return {"name": name} | _ror_of(said, node, "publisher")
    ror = _ROR.fullmatch(house.publisher_ror)
    return {"name": house.publisher_name} | (_by_ror(ror[1], "publisher") if ror else {})


def contributors(exported: Exported) -> list[Object]:
    """Return who else took part, each in the type that the property or the stated role becomes."""
    said = exported.description
    makers = set(said.values(_CREATOR))
    found: dict[tuple[str, str], Object] = {}
    for node, kind in _roles(exported):
        # A creator is named already; only a definite role is worth a second line.
        if (one := agent(said, node)) and not (kind == _other(exported) and node in makers):
            found.setdefault((one["name"], kind), one | {"contributorType": kind})
    return list(found.values())


def _roles(exported: Exported) -> Iterator[tuple[str, str]]:
    """Yield agents, as terms, and the contributor type of each."""
    said, vocabularies = exported.description, exported.meaning.vocabularies
    kinds = types_by_property(vocabularies, CONTRIBUTOR_TYPES)
    for attribution in said.values(iri("prov:qualifiedAttribution")):
        roles = said.iris(iri("dcat:hadRole"), of=attribution)
        stated = [matching(vocabularies, role, CONTRIBUTOR_TYPES) for role in roles]
        for node in said.values(iri("prov:agent"), of=attribution):
            yield from ((node, kind or _other(exported)) for kind in stated or [None])
    for path in fields_in_order(exported.meaning.shapes, exported.record.type):
        if path in kinds:
            yield from ((node, kinds[path]) for node in in_order(said, said.values(path)))


def _other(exported: Exported) -> str:
    """Return the type of those who simply contributed."""
    kinds = types_by_property(exported.meaning.vocabularies, CONTRIBUTOR_TYPES)
    return kinds[iri("dct:contributor")]


def in_order(said: Description, nodes: tuple[str, ...]) -> list[str]:
    """Return parts in the order that their positions state, those without one at the end."""

    def place(node: str) -> int:
        position = said.text(iri("schema:position"), of=node) or ""
        return int(position) if re.fullmatch(r"[0-9]{1,9}", position) else _LAST_PLACE

    return sorted(nodes, key=place)


def agent(said: Description, node: str) -> Object | None:
    """Return a person or an organisation; None for what has no name."""
    name = _name(said, node)
    if not name or node == NOT_STATED:
        return None
    kinds = frozenset(said.values(TYPE[1:-1], of=node))
    is_person = not _PERSONS.isdisjoint(kinds)
    return {
        **(_person(said, node, name) if is_person else _organisation(name, kinds)),
        "nameIdentifiers": _identifiers(said, node),
        "affiliation": _affiliations(said, node),
    }


def _name(said: Description, node: str) -> str:
    """Return what somebody is called, by the name of an agent or that of a contact."""
    texts = said.text(iri("foaf:name"), of=node) or said.text(iri("vcard:fn"), of=node)
    return one_line(texts or "")


def _person(said: Description, node: str, name: str) -> Object:
    family = one_line(said.text(iri("foaf:familyName"), of=node) or "")
    given = one_line(said.text(iri("foaf:givenName"), of=node) or "")
    if not family:
        family, guessed = parts_of_name(name)
        given = given or guessed
    whole = f"{family}, {given}" if given else family
    parts = {"givenName": given, "familyName": family} if given else {}
    return {"name": whole, "nameType": PERSONAL, **parts}


def _organisation(name: str, kinds: frozenset[str]) -> Object:
    known = not _ORGANISATIONS.isdisjoint(kinds)
    return {"name": name, "nameType": ORGANIZATIONAL} if known else {"name": name}


def parts_of_name(name: str) -> tuple[str, str]:
    """Take a person's name apart; particles such as "van der" belong to the family name.

    >>> parts_of_name("Ludwig van Beethoven"), parts_of_name("Park, Seongha")
    (('van Beethoven', 'Ludwig'), ('Park', 'Seongha'))
    """
    if "," in name:
        family, given = name.split(",", 1)
        return (family.strip(), given.strip()) if family.strip() else (given.strip(), "")
    words = name.split(" ")
    begins = next(
        (place for place, word in enumerate(words) if place and word[:1].islower()), len(words) - 1
    )
    return " ".join(words[begins:]), " ".join(words[:begins])


def _identifiers(said: Description, node: str) -> list[Object]:
    found = said.iris(iri("schema:identifier"), of=node)
    return [_registered(one, "nameIdentifier") for one in found if _is_registered(one)]


def _is_registered(identifier: str) -> bool:
    return bool(_ORCID.fullmatch(identifier) or _ROR.fullmatch(identifier))


def _registered(identifier: str, name: str) -> Object:
    """Return an ORCID or a ROR as the member `name` with its scheme."""
    if orcid := _ORCID.fullmatch(identifier):
        scheme = {f"{name}Scheme": "ORCID", "schemeUri": "https://orcid.org"}
        return {name: f"https://orcid.org/{orcid[1]}"} | scheme
    scheme = {f"{name}Scheme": "ROR", "schemeUri": "https://ror.org"}
    return {name: identifier.replace("http:", "https:", 1)} | scheme


def _affiliations(said: Description, node: str) -> list[Object]:
    return [
        {"name": name} | _ror_of(said, one, "affiliation")
        for one in said.values(iri("schema:affiliation"), of=node)
        if (name := _name(said, one))
    ]


def _ror_of(said: Description, node: str, member: str) -> Object:
    for found in map(_ROR.fullmatch, said.iris(iri("schema:identifier"), of=node)):
        if found:
            return _by_ror(found[1], member)
    return {}


def _by_ror(ror: str, member: str) -> Object:
    scheme = {f"{member}IdentifierScheme": "ROR", "schemeUri": "https://ror.org/"}
    return {f"{member}Identifier": f"https://{ror}"} | scheme


def funding(exported: Exported) -> list[Object]:
    """Return the grants that name who paid; DataCite knows no award without a funder."""
    said = exported.description
    return [
        one
        for grant in said.values(iri("schema:funding"))
        for funder in said.values(iri("schema:funder"), of=grant)
        if (one := _reference(said, grant, funder))
    ]


def _reference(said: Description, grant: str, funder: str) -> Object | None:
    name = _name(said, funder)
    if not name:
        return None
    number = next(texts_of(said.values(iri("schema:identifier"), of=grant)), None)
    title = said.text(iri("schema:name"), of=grant)
    pages = [one for one in said.iris(iri("schema:url"), of=grant) if _WEB.fullmatch(one)]
    ror = next(
        filter(None, map(_ROR.fullmatch, said.iris(iri("schema:identifier"), of=funder))), None
    )
    return {
        "funderName": name,
        **(_funder(ror[1]) if ror else {}),
        **({"awardNumber": number.text} if number else {}),
        **({"awardUri": pages[0]} if pages else {}),
        **({"awardTitle": one_line(title)} if title and one_line(title) else {}),
    }


def _funder(ror: str) -> Object:
    return {
        "funderIdentifier": f"https://{ror}",
        "funderIdentifierType": "ROR",
        "schemeUri": "https://ror.org",
    }
