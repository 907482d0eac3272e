"""What the controlled vocabularies say: schemes, their concepts, and the slice that one item cites.

Files are parsed when something in them is asked for, one scheme a file: to judge a description
takes two or three of some eighty schemes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from catalog.domain.description import RDF, Description, Literal, Statement, is_literal, literal
from catalog.domain.identifiers import VOCAB

SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
RDF_TYPE = f"<{RDF}type>"

_CONCEPT = f"<{SKOS}Concept>"
_COLLECTIONS = (f"<{SKOS}Collection>", f"<{SKOS}OrderedCollection>")
_IN_SCHEME = f"<{SKOS}inScheme>"
_BROADER = f"<{SKOS}broader>"

MAPPINGS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")

Row = dict[str, tuple[str, ...]]
"""Predicate to objects, all as terms of N-Triples."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept; texts carry their language, IRIs stand without brackets.

    types           IRIs of its classes, `skos:Concept` among them
    top_concept_of  IRIs of the schemes that it says it is a top concept of
    mappings        name of the SKOS relation (`exactMatch`) to IRIs
    created         when, as the file states it
    modified        when, as the file states it
    """

    iri: str
    types: tuple[str, ...]
    labels: tuple[Literal, ...]
    alt_labels: tuple[Literal, ...]
    hidden_labels: tuple[Literal, ...]
    definitions: tuple[Literal, ...]
    scope_notes: tuple[Literal, ...]
    examples: tuple[Literal, ...]
    editorial_notes: tuple[Literal, ...]
    notation: str | None
    schemes: tuple[str, ...]
    top_concept_of: tuple[str, ...]
    broader: tuple[str, ...]
    narrower: tuple[str, ...]
    related: tuple[str, ...]
    mappings: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    replaced_by: tuple[str, ...]
    deprecated: bool
    created: str | None
    modified: str | None

    @property
    def label(self) -> str:
        """The English label, else any, else the end of the IRI."""
        return said_in(self.labels, "en") or self.iri.rstrip("/").rpartition("/")[2]

    @property
    def definition(self) -> str | None:
        """The English definition, else any."""
        return said_in(self.definitions, "en")


@dataclass(frozen=True, slots=True)
class Collection:
    """A group of concepts (`skos:Collection`), in an order where it is an ordered one.

    members  IRIs of concepts and of further collections
    """

    iri: str
    types: tuple[str, ...]
    labels: tuple[Literal, ...]
    alt_labels: tuple[Literal, ...]
    hidden_labels: tuple[Literal, ...]
    notation: str | None
    members: tuple[str, ...]

    @property
    def label(self) -> str:
        """The English label, else any, else the end of the IRI."""
        return said_in(self.labels, "en") or self.iri.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One concept scheme; concepts and collections are IRIs in the order of the file.

    themes  what the scheme is about (`dcat:theme`), as IRIs
    """

    iri: str
    name: str
    titles: tuple[Literal, ...]
    descriptions: tuple[Literal, ...]
    sources: tuple[str, ...]
    licenses: tuple[str, ...]
    top_concepts: tuple[str, ...]
    concepts: tuple[str, ...]
    collections: tuple[str, ...]
    themes: tuple[str, ...]
    created: str | None
    modified: str | None

    @property
    def title(self) -> str:
        """The English title, else any, else the name."""
        return said_in(self.titles, "en") or self.name

    @property
    def description(self) -> str | None:
        """The English description, else any."""
        return said_in(self.descriptions, "en")


def said_in(texts: Iterable[Literal], language: str) -> str | None:
    """Return the text in a language, else any, else None."""
    found = list(texts)
    for text in found:
        if text.language and text.language.split("-")[0] == language:
            return text.text
    return found[0].text if found else None


class Vocabularies:
    """Every concept scheme, by the Turtle files that say them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Keep `files`, by scheme name: `ml-task` to the bytes of `ml-task.ttl`."""
        self._files = dict(sorted(files.items()))
        self._graphs: dict[str, dict[str, Row]] = {}
        self._slices: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all schemes, sorted."""
        return tuple(self._files)

    def scheme(self, name: str) -> Scheme | None:
        """Return the scheme of that name, such as `ml-task`, if there is one."""
        if name not in self._files:
            return None
        rows, iri = self.rows(name), VOCAB + name
        row = rows.get(f"<{iri}>", {})
        concepts = {node[1:-1]: said for node, said in rows.items() if _is_concept(said)}
        tops = dict.fromkeys(_iris(row, f"{SKOS}hasTopConcept"))
        tops.update(
            (node, None) for node, said in concepts.items() if _says(said, "topConceptOf", iri)
        )
        return Scheme(
            iri=iri,
            name=name,
            titles=_literals(row, f"{DCT}title") or _literals(row, f"{SKOS}prefLabel"),
            descriptions=_literals(row, f"{DCT}description"),
            sources=_plain(row, f"{DCT}source"),
            licenses=_iris(row, f"{DCT}license"),
            top_concepts=tuple(tops),
            concepts=tuple(concepts),
            collections=tuple(node[1:-1] for node, said in rows.items() if _is_collection(said)),
            themes=_iris(row, f"{DCAT}theme"),
            created=_first(row, f"{DCT}created"),
            modified=_first(row, f"{DCT}modified"),
        )

    def schemes(self) -> tuple[Scheme, ...]:
        """Return every scheme, sorted by name. This parses every file."""
        return tuple(scheme for name in self.names if (scheme := self.scheme(name)))

    def file(self, name: str) -> bytes | None:
        """Return the Turtle of a scheme as it stands in its file."""
        return self._files.get(name)

    def scheme_of(self, iri: str) -> str | None:
        """Return the name of the scheme whose file describes the concept `iri`, if one may."""
        if iri.startswith(VOCAB):
            name = iri[len(VOCAB) :].partition("/")[0]
            return name if name in self._files else None
        return self._published.get(iri)

    def concept(self, iri: str) -> Concept | None:
        """Return the concept, if it is described in any scheme."""
        row = self.row(iri)
        if row is None or not _is_concept(row):
            return None
        return Concept(
            iri=iri,
            types=_iris(row, RDF_TYPE[1:-1]),
            labels=_literals(row, f"{SKOS}prefLabel"),
            alt_labels=_literals(row, f"{SKOS}altLabel"),
            hidden_labels=_literals(row, f"{SKOS}hiddenLabel"),
            definitions=_literals(row, f"{SKOS}definition"),
            scope_notes=_literals(row, f"{SKOS}scopeNote") + _literals(row, f"{SKOS}note"),
            examples=_literals(row, f"{SKOS}example"),
            editorial_notes=_literals(row, f"{SKOS}editorialNote"),
            notation=_first(row, f"{SKOS}notation"),
            schemes=_iris(row, f"{SKOS}inScheme"),
            top_concept_of=_iris(row, f"{SKOS}topConceptOf"),
            broader=_iris(row, f"{SKOS}broader"),
            narrower=_iris(row, f"{SKOS}narrower"),
            related=_iris(row, f"{SKOS}related"),
            mappings={name: found for name in MAPPINGS if (found := _iris(row, f"{SKOS}{name}"))},
            sources=_plain(row, f"{DCT}source"),
            replaced_by=_iris(row, f"{DCT}isReplacedBy"),
            deprecated='"true"' in str(row.get("<http://www.w3.org/2002/07/owl#deprecated>")),
            created=_first(row, f"{DCT}created"),
            modified=_first(row, f"{DCT}modified"),
        )

    def collection(self, iri: str) -> Collection | None:
        """Return the group of concepts, if one of that name is described in any scheme."""
        row = self.row(iri)
        if row is None or not _is_collection(row):
            return None
        members = dict.fromkeys(_iris(row, f"{SKOS}member"))
        members.update(dict.fromkeys(self._listed(iri, row)))
        return Collection(
            iri=iri,
            types=_iris(row, RDF_TYPE[1:-1]),
            labels=_literals(row, f"{SKOS}prefLabel"),
            alt_labels=_literals(row, f"{SKOS}altLabel"),
            hidden_labels=_literals(row, f"{SKOS}hiddenLabel"),
            notation=_first(row, f"{SKOS}notation"),
            members=tuple(members),
        )

    def _listed(self, iri: str, row: Row) -> Iterator[str]:
        """Yield the members of an ordered collection, which stand in an RDF list."""
        rows = self.rows(self.scheme_of(iri) or "")
        cell, seen = next(iter(row.get(f"<{SKOS}memberList>", ())), None), set[str]()
        while cell is not None and cell in rows and cell not in seen:
            seen.add(cell)
            yield from _iris(rows[cell], f"{RDF}first")
            cell = next(iter(rows[cell].get(f"<{RDF}rest>", ())), None)

    def row(self, iri: str) -> Row | None:
        """Return all that is said about a concept, collection or scheme, as terms."""
        name = self.scheme_of(iri)
        return self.rows(name).get(f"<{iri}>") if name else None

    def narrower_closure(self, iri: str) -> tuple[str, ...]:
        """Return a concept and everything below it, in the order in which it is met."""
        found: dict[str, None] = {}
        pending = [iri]
        while pending:
            node = pending.pop(0)
            if node not in found:
                found[node] = None
                row = self.row(node)
                pending.extend(_iris(row, f"{SKOS}narrower") if row else ())
        return tuple(found)

    def slice_about(self, term: str) -> str:
        """Return what validation must know about a concept, as N-Triples; "" if it is none.

        That is its class, its schemes and its broader chain, each with the same.
        """
        known = self._slices.get(term)
        if known is None:
            name = self.scheme_of(term[1:-1])
            if name is None or term not in self.rows(name):
                if len(self._slices) < _MOST_REMEMBERED:
                    self._slices[term] = ""
                return ""
            known = self._slices[term] = "".join(
                f"{s} {p} {o} .\n" for s, p, o in dict.fromkeys(self._chain(term, set()))
            )
        return known

    def _chain(self, term: str, seen: set[str]) -> Iterator[Statement]:
        row = self.row(term[1:-1])
        if row is None or term in seen:
            return
        seen.add(term)
        for predicate in (RDF_TYPE, _IN_SCHEME, _BROADER):
            for value in row.get(predicate, ()):
                yield term, predicate, value
        for broader in row.get(_BROADER, ()):
            yield from self._chain(broader, seen)

    def rows(self, name: str) -> Mapping[str, Row]:
        """Return the statements of one scheme's file, by subject as a term; parsed when asked.

        Empty where there is no scheme of that name.
        """
        if name not in self._files:
            return {}
        if name not in self._graphs:
            gathered: dict[str, dict[str, list[str]]] = {}
            for triple in ox.parse(self._files[name], format=ox.RdfFormat.TURTLE):
                subject, predicate, value = str(triple).split(" ", 2)
                gathered.setdefault(subject, {}).setdefault(predicate, []).append(value)
            self._graphs[name] = {
                subject: {predicate: tuple(values) for predicate, values in row.items()}
                for subject, row in gathered.items()
            }
        return self._graphs[name]

    @cached_property
    def _published(self) -> dict[str, str]:
        """IRI of a concept that keeps its publisher's name, to the scheme that describes it.

        Found by how our files are laid out, since parsing them all takes a second: a concept or
        collection begins a line with its name and `a skos:Concept`. A test compares this with the
        parser.
        """
        found: dict[str, str] = {}
        for name, text in self._files.items():
            first = _SUBJECT.search(text)
            if first is None:
                continue
            prefixes = {
                prefix.decode(): iri.decode() for prefix, iri in _PREFIX.findall(text[:8_000])
            }
            if _expanded(first[1].decode(), prefixes).startswith(VOCAB):
                continue
            for subject in _SUBJECT.findall(text):
                found.setdefault(_expanded(subject.decode(), prefixes), name)
        return found


_MOST_REMEMBERED = 20_000
"""Of how many IRIs it is remembered what they cite; users can write as many as they like."""

_SUBJECT = re.compile(
    rb"^(<[^>\s]+>|[\w-]*:[^\s;]*) a skos:(?:Concept|Collection|OrderedCollection)(?![\w-])",
    re.MULTILINE,
)
_PREFIX = re.compile(rb"^@prefix ([\w-]*): <([^>]*)>", re.MULTILINE)


def _expanded(name: str, prefixes: Mapping[str, str]) -> str:
    """Return the IRI of a subject as Turtle spells it."""
    if name[0] == "<":
        return name[1:-1]
    prefix, _, local = name.partition(":")
    return prefixes.get(prefix, "") + local.replace("\\", "")


def slice_of(vocabularies: Vocabularies, description: Description) -> tuple[Statement, ...]:
    """Return the statements about the concepts that `description` cites, with their broader chain.

    Validation gets this instead of the whole vocabulary: 100 triples for 60,000.
    """
    cited = dict.fromkeys(value for _, _, value in description.statements if value[0] == "<")
    found: dict[Statement, None] = {}
    for term in cited:
        found.update(dict.fromkeys(vocabularies._chain(term, set())))
    return tuple(found)


def _is_concept(row: Row) -> bool:
    return _CONCEPT in row.get(RDF_TYPE, ())


def _is_collection(row: Row) -> bool:
    return any(kind in row.get(RDF_TYPE, ()) for kind in _COLLECTIONS)


def _says(row: Row, relation: str, iri: str) -> bool:
    return f"<{iri}>" in row.get(f"<{SKOS}{relation}>", ())


def _literals(row: Row, predicate: str) -> tuple[Literal, ...]:
    return tuple(literal(term) for term in row.get(f"<{predicate}>", ()) if is_literal(term))


def _iris(row: Row, predicate: str) -> tuple[str, ...]:
    return tuple(term[1:-1] for term in row.get(f"<{predicate}>", ()) if term[0] == "<")


def _plain(row: Row, predicate: str) -> tuple[str, ...]:
    return tuple(
        literal(term).text if is_literal(term) else term.strip("<>")
        for term in row.get(f"<{predicate}>", ())
    )


def _first(row: Row, predicate: str) -> str | None:
    return next(iter(_plain(row, predicate)), None)
