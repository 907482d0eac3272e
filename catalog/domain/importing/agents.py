"""Persons and organisations as other formats name them, as the parts that descriptions have."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.domain.importing.addresses import address_of, mailbox_of, orcid_of, ror_of
from catalog.domain.importing.gathering import Gathering, Part, lose_others
from catalog.domain.importing.names import expanded
from catalog.domain.importing.values import is_empty, shown

_MARKED = re.compile(r"(.*?)\s*[<(]\s*([^<>()\s]+)\s*[>)]\s*")
_LONGEST_NAME = 300
_MOST_AFFILIATIONS = 50
_ORGANISATIONS = frozenset(
    {"Organization", "ResearchOrganization", "CollegeOrUniversity", "EducationalOrganization",
     "GovernmentOrganization", "Corporation", "FundingAgency", "FundingScheme", "Consortium",
     "NGO", "Project", "ResearchProject", "LocalBusiness", "Library", "PublishingOrganization"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of a person or an organisation; texts as the source has them."""

    name: str | None = None
    given: str | None = None
    family: str | None = None
    registered: str | None = None
    mailbox: str | None = None
    page: str | None = None
    affiliations: tuple["Agent", ...] = ()
    is_organisation: bool = False

    @property
    def full_name(self) -> str | None:
        """The name as one text."""
        return self.name or " ".join(filter(None, (self.given, self.family))) or None


def say_agents(
    gathering: Gathering, about: Part, prop: str, raw: Any, pointer: str, *, comma: bool = False,
    organisation: bool = False, but: str | None = None,
) -> None:  # fmt: skip
    """Say the agents that `raw` names: texts, objects of schema.org, or lists of these.

    comma         whether commas always part persons in a text
    but           a property of the item; who is said with it already is not said once more
    organisation  whether what does not say its type is an organisation
    """
    for one, at in _each(raw, pointer, comma):
        agent = _of(one, organisation)
        if agent is None or not (agent.full_name or agent.registered):
            gathering.lose(at, f"{shown(one)} names no person or organisation.")
            continue
        if not (but and _is_said(gathering, but, agent)):
            say_agent(gathering, about, prop, agent, at)
        if isinstance(one, Mapping):
            lose_others(gathering, one, _READ, at, "person or organisation")


def _is_said(gathering: Gathering, prop: str, agent: Agent) -> bool:
    known = gathering.agent_said(agent)
    return any(one is known for one, _ in gathering.item.said.get(expanded(prop), ()))


def say_agent(gathering: Gathering, about: Part, prop: str, agent: Agent, pointer: str) -> None:
    """Say one agent; the same one said twice is one part."""
    part = gathering.known_agent(agent, lambda: _part(gathering, agent, pointer))
    gathering.add(about, prop, part, pointer)


def _part(gathering: Gathering, agent: Agent, pointer: str) -> Part:
    part = gathering.part("foaf:Organization" if agent.is_organisation else "foaf:Person")
    gathering.say(part, "foaf:name", agent.full_name, pointer)
    if not agent.is_organisation:
        gathering.say(part, "foaf:givenName", agent.given, pointer)
        gathering.say(part, "foaf:familyName", agent.family, pointer)
        for affiliation in agent.affiliations:
            say_agent(gathering, part, "schema:affiliation", affiliation, pointer)
    gathering.say(part, "schema:identifier", agent.registered, pointer)
    gathering.say(part, "foaf:mbox", agent.mailbox, pointer)
    gathering.say(part, "foaf:homepage", agent.page, pointer)
    return part


def _each(raw: Any, pointer: str, comma: bool) -> Iterator[tuple[Any, str]]:
    if isinstance(raw, list):
        for number, one in enumerate(raw):
            yield from _each(one, f"{pointer}/{number}", False)
    elif isinstance(raw, str):
        for one in _names_in(raw, comma):
            yield one, pointer
    elif not is_empty(raw):
        yield raw, pointer


def _names_in(text: str, comma: bool) -> list[str]:
    """Return the names in a text: several only where commas part nothing but whole names.

    `Ruiz, Ana` is one person, `Ana Ruiz, Pete Beckman` are two.
    """
    names = [name.strip() for name in _split(text) if name.strip()]
    return names if comma or all(len(name.split()) > 1 for name in names) else [text.strip()]


def _split(text: str) -> Iterator[str]:
    """Yield what commas, semicolons and line breaks part, unless they stand in brackets."""
    begun, within = 0, False
    for at, character in enumerate(text):
        if character in "<(":
            within = True
        elif character in ">)":
            within = False
        elif character in ",;\n" and not within:
            yield text[begun:at]
            begun = at + 1
    yield text[begun:]


def _of(raw: Any, organisation: bool) -> Agent | None:
    if isinstance(raw, str):
        return agent_in(raw, organisation)
    if isinstance(raw, Mapping):
        return _of_schema_org(raw, organisation)
    return None


def agent_in(text: str, organisation: bool = False) -> Agent:
    """Return the agent that a text names, as `Ana Ruiz <ana@example.org>` or an ORCID does."""
    found = _MARKED.fullmatch(text) if len(text) <= _LONGEST_NAME else None
    name, mark = (found[1], found[2]) if found else (text, "")
    mailbox, orcid, ror = mailbox_of(mark), orcid_of(mark), ror_of(mark)
    page = address_of(mark)
    if not (mailbox or orcid or ror or page):
        name, page = text, None
    whole = orcid_of(text) or ror_of(text)
    return Agent(
        name=None if whole else (name.strip() or None),
        registered=whole or orcid or ror,
        mailbox=mailbox,
        page=None if orcid or ror else page,
        is_organisation=organisation or bool(ror or ror_of(text)),
    )


_READ = frozenset(
    {"name", "givenName", "familyName", "email", "identifier", "url", "affiliation", "id", "type",
     "contactPoint", "sameAs", "parentOrganization", "@id", "@type"}
)  # fmt: skip


def _of_schema_org(
    raw: Mapping[str, Any], organisation: bool, *, is_affiliation: bool = False
) -> Agent:
    ids = [*_texts(raw, "@id", "id", "identifier", "sameAs", "url")]
    orcid = next(filter(None, map(orcid_of, ids)), None)
    ror = next(filter(None, map(ror_of, ids)), None)
    kinds = {one.rpartition("/")[2].rpartition(":")[2] for one in _texts(raw, "@type", "type")}
    personal = not is_affiliation and bool(
        orcid or "Person" in kinds or _text(raw, "familyName", "givenName")
    )
    is_organisation = bool(kinds & _ORGANISATIONS or ror or is_affiliation)
    is_organisation = is_organisation or (organisation and not personal)
    registered = ror if is_organisation else orcid
    pages = [address_of(one) for one in _texts(raw, "url")]
    belonging = [] if is_organisation else _listed(raw.get("affiliation"))
    affiliations = (_affiliation(one) for one in belonging[:_MOST_AFFILIATIONS])
    return Agent(
        name=_text(raw, "name"),
        given=_text(raw, "givenName"),
        family=_text(raw, "familyName"),
        registered=registered,
        mailbox=next(filter(None, map(mailbox_of, _texts(raw, "email"))), None),
        page=next((one for one in pages if one and one != registered), None),
        affiliations=tuple(one for one in affiliations if one and (one.name or one.registered)),
        is_organisation=is_organisation,
    )


def _affiliation(raw: Any) -> Agent | None:
    """Return where somebody works: an organisation, whatever it says of itself."""
    if isinstance(raw, Mapping):
        return _of_schema_org(raw, True, is_affiliation=True)
    return agent_in(raw, True) if isinstance(raw, str) else None


def _listed(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [] if raw is None else [raw]


def _texts(raw: Mapping[str, Any], *keys: str) -> Iterator[str]:
    """Yield the texts under some keys; of an object within, its id or value."""
    for key in keys:
        for one in _listed(raw.get(key)):
            inner = one
            if isinstance(one, Mapping):
                inner = next((one[k] for k in ("@id", "@value", "value", "url") if k in one), None)
            if isinstance(inner, str) and inner.strip():
                yield inner.strip()


def _text(raw: Mapping[str, Any], *keys: str) -> str | None:
    """Return the text under some keys; several given or family names are one text."""
    return " ".join(_texts(raw, *keys)) or None
