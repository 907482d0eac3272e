"""What a `CITATION.cff` (Citation File Format 1.2) says of software or a data set."""

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.domain.importing.addresses import (
    address_of,
    doi_of,
    mailbox_of,
    orcid_of,
    ror_of,
    words_in,
)
from catalog.domain.importing.agents import Agent, say_agent
from catalog.domain.importing.carried import Carried
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
from catalog.domain.importing.names import Meaning
from catalog.domain.importing.schema_org import say_identifier
from catalog.domain.importing.values import is_empty, shown

_REFERENCE = "https://w3id.org/codemeta/terms/referencePublication"
_NAMES = ("given-names", "name-particle", "family-names", "name-suffix")


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell whether a document is a citation file: it says the version of its format."""
    return "cff-version" in document


def carried(document: Mapping[str, Any], library: Meaning, item_type: str | None = None) -> Carried:
    """Return the description of the software, or of the data where the file is about data.

    item_type  what it is, if that is known
    """
    of_data = document.get("type") == "dataset"
    said = item_type or ("training-data" if of_data else "code")
    gathering = Gathering(library, said)
    if of_data and item_type is None:
        gathering.tell("/type", "The data set was read as an item of the type training-data.")
    read_keys(gathering, document, _SOFTWARE if gathering.has_field(_REFERENCE) else _READERS)
    return gathering.carried()


# ---- persons and entities


def _authors(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _listed(raw, pointer):
        agent = _agent(one)
        if agent is None:
            gathering.lose(at, f"{shown(one)} names no person or entity.")
        else:
            say_agent(gathering, gathering.item, "dct:creator", agent, at)
            if isinstance(one, Mapping):
                lose_others(gathering, one, _AGENT_KEYS, at, "person or organisation")


def _agent(raw: Any) -> Agent | None:
    """Return a person or an entity; a person without a name may have an alias."""
    if not isinstance(raw, Mapping):
        return None
    words = {key: str(raw[key]).strip() for key in (*_NAMES, "name", "alias")
             if isinstance(raw.get(key), str | int | float)}  # fmt: skip
    full = " ".join(words[key] for key in _NAMES if words.get(key))
    is_entity = not full and bool(words.get("name"))
    name = full or words.get("name") or words.get("alias")
    belonging = raw.get("affiliation")
    texts = [belonging] if isinstance(belonging, str) and belonging.strip() else []
    family = " ".join(filter(None, (words.get("name-particle"), words.get("family-names"))))
    if not name:
        return None
    return Agent(
        name=name,
        given=words.get("given-names"),
        family=family or None,
        registered=ror_of(raw.get("ror")) if is_entity else orcid_of(raw.get("orcid")),
        mailbox=mailbox_of(raw.get("email")),
        page=address_of(raw.get("website")),
        affiliations=tuple(Agent(name=one.strip(), is_organisation=True) for one in texts),
        is_organisation=is_entity,
    )


_AGENT_KEYS = frozenset(
    {*_NAMES, "name", "alias", "affiliation", "orcid", "email", "website", "ror"}
)


def _contacts(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _listed(raw, pointer):
        agent = _agent(one)
        part = gathering.part("vcard:Kind")
        if agent is not None:
            gathering.say(part, "vcard:fn", agent.full_name, at)
            gathering.say(part, "vcard:hasEmail", agent.mailbox, at)
            gathering.say(part, "vcard:hasURL", agent.page, at)
        if not gathering.add(gathering.item, "dcat:contactPoint", part, at):
            gathering.lose(at, f"{shown(one)} names no person or entity.")


def _listed(raw: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    """Yield what a list holds; a single thing counts as a list of one."""
    several = raw if isinstance(raw, list) else [raw]
    for number, one in enumerate(several):
        if not is_empty(one):
            yield one, f"{pointer}/{number}" if isinstance(raw, list) else pointer


# ---- identifiers, licence, references


def _doi(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _listed(raw, pointer):
        if doi_of(one):
            say_identifier(gathering, one, at)
        else:
            gathering.lose(at, f"{shown(one)} is no DOI.")


def _identifiers(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _listed(raw, pointer):
        if isinstance(one, Mapping):
            kind = one.get("type")
            agency = one.get("description") if kind in ("other", "url", "doi") else kind
            say_identifier(gathering, one.get("value"), f"{at}/value", agency)
        else:
            say_identifier(gathering, one, at)


def _licence(gathering: Gathering, raw: Any, pointer: str) -> None:
    say_licence(gathering, gathering.item, raw, pointer)


def _licence_page(gathering: Gathering, raw: Any, pointer: str) -> None:
    """Say the address of the licence where no licence has been said."""
    if gathering.item.says("dct:license"):
        gathering.lose_key(pointer, "license-url", "the licence is said by its name already.")
    else:
        say_licence(gathering, gathering.item, raw, pointer)


def _keywords(gathering: Gathering, raw: Any, pointer: str) -> None:
    for word, at in words_in(raw, pointer):
        gathering.say(gathering.item, "dcat:keyword", word, at)


def _reference(prop: str) -> Reader:
    """Read works elsewhere: of each, where it is found."""

    def read(gathering: Gathering, raw: Any, pointer: str) -> None:
        for one, at in _listed(raw, pointer):
            place = _place_of(one)
            if place is None:
                gathering.lose(at, f"{_title(one)} has no DOI or web address by which to name it.")
            elif gathering.say(gathering.item, prop, place, at):
                gathering.tell(at, f"Of {_title(one)} only the address is kept.")

    return read


def _place_of(raw: Any) -> str | None:
    if not isinstance(raw, Mapping):
        return address_of(raw)
    listed = [one.get("value") for one, _ in _listed(raw.get("identifiers"), "")
              if isinstance(one, Mapping)]  # fmt: skip
    said = [raw.get(key) for key in ("doi", "url", "repository-code", "repository")]
    return next(filter(None, map(address_of, (*said, *listed))), None)


def _title(raw: Any) -> str:
    return shown(raw.get("title")) if isinstance(raw, Mapping) and raw.get("title") else "This work"


def _artifact(gathering: Gathering, raw: Any, pointer: str) -> None:
    for one, at in _listed(raw, pointer):
        part = gathering.part("dcat:Distribution")
        if gathering.say(part, "dcat:accessURL", one, at):
            gathering.add(gathering.item, "dcat:distribution", part, at)


def _type(gathering: Gathering, raw: Any, pointer: str) -> None:
    if raw not in ("software", "dataset", None, ""):
        gathering.lose(pointer, f"{shown(raw)} is neither software nor dataset.")


_READERS: Mapping[str, Reader] = {
    "cff-version": of_the_form,
    "type": _type,
    "message": lost("it speaks to readers of the file."),
    "title": to("dct:title"),
    "abstract": to("dct:description"),
    "authors": _authors,
    "contact": _contacts,
    "version": to("dcat:version"),
    "date-released": to("dct:issued"),
    "doi": _doi,
    "identifiers": _identifiers,
    "license": _licence,
    "license-url": _licence_page,
    "keywords": _keywords,
    "url": to("dcat:landingPage"),
    "repository": to("dct:relation"),
    "repository-code": to("dct:source"),
    "repository-artifact": _artifact,
    "commit": lost("a commit belongs to source code."),
    "preferred-citation": _reference("dct:isReferencedBy"),
    "references": _reference("dct:references"),
}

_SOFTWARE: Mapping[str, Reader] = {
    **_READERS,
    "version": to("schema:softwareVersion", "dcat:version"),
    "repository-code": to("schema:codeRepository"),
    "commit": to("sage:commit"),
    "preferred-citation": _reference(_REFERENCE),
}
