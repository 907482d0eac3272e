"""What a description is: statements about one item and its parts, in one canonical text.

Terms are kept as N-Triples writes them (`<iri>`, `"text"@en`, `"12"^^<datatype>`): that is what is
stored, hashed, judged and sorted, and taking a term apart is needed only for what is shown.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

import pyoxigraph as ox

from catalog.domain.errors import Unreadable

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = f"<{RDF}type>"

Statement = tuple[str, str, str]
"""Subject, predicate and object, each as a term of N-Triples."""


class Literal(NamedTuple):
    """A literal taken apart; `language` is None for one without a tag."""

    text: str
    language: str | None
    datatype: str


@dataclass(frozen=True)
class Description:
    """The statements about one item, sorted, each once, without blank nodes.

    item      the item's IRI in the record, `https://catalog.invalid/items/{id}`
    ntriples  the stored form: one statement a line, sorted by code point, newline after each
    """

    item: str
    ntriples: str

    @classmethod
    def of(cls, item: str, statements: Iterable[Statement]) -> "Description":
        """Return the description that says just `statements`, in whatever order they come."""
        lines = sorted({f"{s} {p} {o} .\n" for s, p, o in statements})
        return cls(item, "".join(lines))

    @classmethod
    def parsed(cls, item: str, text: str) -> "Description":
        """Return the description in N-Triples that were stored, or that anybody else sorted.

        Raises Unreadable if `text` is not N-Triples.
        """
        try:
            triples = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
            lines = sorted({f"{triple} .\n" for triple in triples})
        except SyntaxError as error:
            raise Unreadable(
                f"The stored description is not N-Triples: {error.msg}.",
                line=error.lineno,
                column=error.offset,
            ) from None
        return cls(item, "".join(lines))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the stored form, in hexadecimal."""
        return sha256(self.ntriples.encode()).hexdigest()

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement, in the order of the stored form."""
        return tuple(statements_of(self.ntriples))

    @property
    def subject(self) -> str:
        """The item as a term."""
        return f"<{self.item}>"

    @cached_property
    def by_subject(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Subject to predicate to objects, all as terms."""
        gathered: dict[str, dict[str, list[str]]] = {}
        for subject, predicate, value in self.statements:
            gathered.setdefault(subject, {}).setdefault(predicate, []).append(value)
        return {
            subject: {predicate: tuple(values) for predicate, values in row.items()}
            for subject, row in gathered.items()
        }

    def values(self, *path: str, of: str | None = None) -> tuple[str, ...]:
        """Return the terms that a path of property IRIs leads to from the item.

        of  the term to begin at, if it is not the item
        """
        reached: tuple[str, ...] = (of or self.subject,)
        for step in path:
            reached = tuple(
                value
                for node in reached
                for value in self.by_subject.get(node, {}).get(f"<{step}>", ())
            )
        return reached

    def texts(self, *path: str, of: str | None = None) -> tuple[Literal, ...]:
        """Return the literals among `values`, taken apart."""
        return tuple(literal(term) for term in self.values(*path, of=of) if is_literal(term))

    def text(
        self, *path: str, of: str | None = None, languages: tuple[str, ...] = ("en",)
    ) -> str | None:
        """Return one literal of a path: of the first language there is, else any; None if none."""
        found = self.texts(*path, of=of)
        for language in languages:
            for candidate in found:
                if candidate.language and candidate.language.split("-")[0] == language:
                    return candidate.text
        return found[0].text if found else None

    def iris(self, *path: str, of: str | None = None) -> tuple[str, ...]:
        """Return the IRIs among `values`, without brackets."""
        return tuple(term[1:-1] for term in self.values(*path, of=of) if term[0] == "<")

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The IRIs of the item's classes."""
        return self.iris(f"{RDF}type")

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The subjects other than the item, as terms, sorted."""
        return tuple(sorted(subject for subject in self.by_subject if subject != self.subject))

    def listed(self, head: str) -> tuple[str, ...]:
        """Return the members of the RDF list that begins at the term `head`."""
        members: list[str] = []
        seen: set[str] = set()
        while head in self.by_subject and head not in seen:
            seen.add(head)
            row = self.by_subject[head]
            members.extend(row.get(f"<{RDF}first>", ()))
            head = next(iter(row.get(f"<{RDF}rest>", ())), "")
        return tuple(members)

    def quads(self, graph: str) -> Iterator[ox.Quad]:
        """Yield the statements as quads of the graph named `graph`."""
        name = ox.NamedNode(graph)
        for triple in ox.parse(self.ntriples, format=ox.RdfFormat.N_TRIPLES):
            yield ox.Quad(triple.subject, triple.predicate, triple.object, name)


def statements_of(ntriples: str) -> Iterator[Statement]:
    """Yield the statements of N-Triples in the stored form: one a line, one space between terms."""
    for line in ntriples.split("\n"):
        if line:
            subject, predicate, rest = line.split(" ", 2)
            yield subject, predicate, rest[:-2]


def is_literal(term: str) -> bool:
    """Tell whether a term is a literal."""
    return term[0] == '"'


_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def unescaped(text: str) -> str:
    """Return what stands between the quotation marks of a literal as the text that it means."""
    if "\\" not in text:
        return text

    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _SHORT.get(found[3], found[3])

    return _ESCAPE.sub(character, text)


def literal(term: str) -> Literal:
    """Take a literal apart.

    >>> literal('"Night heron"@en')
    Literal(text='Night heron', language='en', datatype='http://www.w3.org/1999/02/22-rdf-syntax-ns#langString')
    """
    end = term.rindex('"')
    text, suffix = unescaped(term[1:end]), term[end + 1 :]
    if suffix.startswith("@"):
        return Literal(text, suffix[1:], f"{RDF}langString")
    return Literal(text, None, suffix[3:-1] or f"{XSD}string")


def term_of_text(text: str, language: str | None = None, datatype: str | None = None) -> str:
    """Return a text as a literal in N-Triples."""
    kind = ox.NamedNode(datatype) if datatype else None
    return str(ox.Literal(text, language=language, datatype=kind))
