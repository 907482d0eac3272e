"""How an item is cited: one value for all formats, and the two that are read as sentences."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.domain.description import literal
from catalog.domain.exporting.datacite import attributes
from catalog.domain.exporting.datacite_agents import are_creators_stated
from catalog.domain.exporting.datacite_meaning import one_line
from catalog.domain.exporting.datacite_relations import concept_of
from catalog.domain.exporting.exported import TEST_DOI, Exported
from catalog.domain.identifiers import VOCAB
from catalog.domain.lifecycle import State
from catalog.domain.profiles.graph import term
from catalog.domain.record import DoiState

DRAFT: Final = "draft"
"""What stands for the year of what is not published."""

DRAFT_NOTE: Final = "Draft, not published"

_FORMS: Final = ("bibtexType", "cslType", "jatsType", "risType")
_MOST_AUTHORS: Final = 20


@dataclass(frozen=True, slots=True)
class Author:
    """A creator as citations name them; `given` is empty for organisations and single names."""

    family: str
    given: str

    @property
    def whole(self) -> str:
        """The name with the family name first: `Park, Seongha`."""
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def with_initials(self) -> str:
        """The name as APA writes it: `Park, S.`"""
        initials = [f"{name[0]}." for name in re.split(r"[\s.]+", self.given) if name]
        return f"{self.family}, {' '.join(initials)}" if initials else self.family


@dataclass(frozen=True, slots=True)
class Cited:
    """What citations say of one version of an item, or of all its versions.

    key        a name for it in a list of references, of letters, digits and underscores
    authors    those that are stated, in their order; nobody is made up
    year       of publication, None for a draft
    version    as the description calls it, "" for all versions
    general    DataCite's general type, such as `Dataset`
    kind       what it is in words, such as `Training dataset`
    form       name of a format (`bibtexType`, ...) to the type that it has for such things
    doi        the DOI that resolves, or ""
    url        where the DOI resolves, else the address of the item
    is_test    whether the DOI is of a test system, so that nobody else can resolve it
    abstract   "" for none
    language   tag of the title, or ""
    """

    key: str
    authors: tuple[Author, ...]
    title: str
    year: int | None
    version: str
    publisher: str
    general: str
    kind: str
    form: Mapping[str, str]
    doi: str
    url: str
    is_test: bool
    keywords: tuple[str, ...]
    abstract: str
    language: str

    @property
    def lasting_doi(self) -> str:
        """The DOI for programs, which look it up at doi.org: "" for one that only a test knows."""
        return "" if self.is_test else self.doi

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must be told beside it: that it is a draft, that its DOI is a test."""
        draft = (DRAFT_NOTE,) if self.year is None else ()
        return (*draft, TEST_DOI) if self.doi and self.is_test else draft


@dataclass(frozen=True, slots=True)
class Sentence:
    """A citation in words, in pieces, so that a page can set the title apart."""

    before: str
    title: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.title}{self.after}"


def cited(exported: Exported, *, all_versions: bool = False) -> Cited:
    """Return what citations say, from what the registrar is told, so that they cannot differ.

    all_versions  whether all versions are cited, not the one at hand
    """
    record, house = exported.record, exported.house
    said = attributes(exported, all_versions=all_versions)
    doi = _resolving(exported, all_versions=all_versions)
    is_published = record.state is not State.DRAFT
    title: dict[str, Any] = next(iter(said["titles"]), {})
    return Cited(
        key=f"sage_{record.id}" + ("" if all_versions else f"_v{record.version}"),
        authors=_authors(exported, said["creators"]),
        title=title.get("title") or one_line(record.title),
        year=said["publicationYear"] if is_published else None,
        version=said["version"] or "",
        publisher=one_line(said["publisher"]["name"]),
        general=said["types"].get("resourceTypeGeneral", ""),
        kind=said["types"].get("resourceType", ""),
        form=_form(exported, said["types"].get("resourceTypeGeneral", "")),
        doi=doi,
        url=f"{house.doi_resolver}{doi}" if doi else _address(exported, said["url"]),
        is_test=house.dois_are_tests,
        keywords=tuple(dict.fromkeys(one["subject"] for one in said["subjects"])),
        abstract=_abstract(said["descriptions"]),
        language=title.get("lang", ""),
    )


def _resolving(exported: Exported, *, all_versions: bool) -> str:
    """Return the DOI to cite, "" as long as nobody could resolve it."""
    dois = exported.record.dois
    doi = concept_of(exported) if all_versions else dois.version
    # What was withdrawn keeps its DOI, which leads to the tombstone.
    return doi if doi and (doi in dois.findable or dois.state is DoiState.HIDDEN) else ""


def _address(exported: Exported, url: str) -> str:
    return exported.iri if exported.record.state is State.DRAFT else url


def _authors(exported: Exported, creators: list[dict[str, Any]]) -> tuple[Author, ...]:
    if not are_creators_stated(exported):
        return ()
    return tuple(
        Author(one.get("familyName") or one["name"], one.get("givenName", "")) for one in creators
    )


def _form(exported: Exported, general: str) -> Mapping[str, str]:
    row = exported.meaning.vocabularies.row(f"{VOCAB}datacite-resource-type/{general}") or {}
    return {
        name: literal(value).text
        for name in _FORMS
        for value in row.get(term(f"sage:{name}"), ())[:1]
    }


def _abstract(descriptions: list[dict[str, Any]]) -> str:
    return one_line(descriptions[0]["description"]) if descriptions else ""


# ---- in words


def datacite_style(said: Cited) -> Sentence:
    """Return the citation that DataCite recommends.

    `Creator (PublicationYear): Title. Version. Publisher. (resourceTypeGeneral). address`
    """
    names = "; ".join(author.whole for author in said.authors)
    year = f"({said.year or DRAFT})"
    after = [
        *([_sentence(_named_version(said.version))] if said.version else []),
        _sentence(said.publisher),
        *([f"({said.general})."] if said.general else []),
        _where(said),
    ]
    if not names:
        return Sentence("", said.title, f" {year}. {' '.join(filter(None, after))}")
    stop = "" if said.title.endswith((".", "?", "!")) else "."
    return Sentence(f"{names} {year}: ", said.title, f"{stop} {' '.join(filter(None, after))}")


def apa(said: Cited) -> Sentence:
    """Return the citation in the style of the American Psychological Association, 7th edition.

    Without an author the title comes first; a publisher that is the author is not repeated.
    """
    year = f"({said.year or DRAFT})."
    version = f" ({_named_version(said.version)})" if said.version else ""
    kind = f" [{said.kind}]" if said.kind else ""
    is_repeated = [author.whole for author in said.authors] == [said.publisher]
    publisher = "" if is_repeated else _sentence(said.publisher)
    end = " ".join(filter(None, (publisher, _where(said))))
    if not said.authors:
        return Sentence("", said.title, f"{version}{kind}. {year} {end}")
    names = _stopped(_joined([author.with_initials for author in said.authors]))
    stop = "" if not (version or kind) and said.title.endswith((".", "?", "!")) else "."
    return Sentence(f"{names} {year} ", said.title, f"{version}{kind}{stop} {end}")


STYLES: Final[Mapping[str, Callable[[Cited], Sentence]]] = {"datacite": datacite_style, "apa": apa}
"""The styles in words, by the names that citation processors give them; the first is usual."""


def _named_version(version: str) -> str:
    return version if re.match(r"(?i)v(ersion|\.)?\s*\d", version) else f"Version {version}"


def _where(said: Cited) -> str:
    return f"{said.url} ({TEST_DOI})" if TEST_DOI in said.notes else said.url


def _joined(names: list[str]) -> str:
    if len(names) > _MOST_AUTHORS:
        return ", ".join([*names[: _MOST_AUTHORS - 1], f"… {names[-1]}"])
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"


def _stopped(names: str) -> str:
    return names if names.endswith(".") else f"{names}."


def _sentence(text: str) -> str:
    return f"{text.rstrip('.')}." if text else ""
