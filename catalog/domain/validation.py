"""How a description is judged: by the shapes of its type, on what it says and what it cites.

Beside the shapes there are a few checks of the catalog's own, each with a word as component:
`item-type`, `not-stated`, `untagged-text`, `unknown-property`, `unreachable-part`, and for concepts
that something else stands for by now `deprecated-term` and `mapped-term`. What the reader changed
is told as `schema-https`, `agent-part`, `neighbour` and `written-by-catalog`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

from catalog.domain.description import TYPE, Description, Statement, literal
from catalog.domain.engine import Engine, Result
from catalog.domain.fields import NOT_STATED, Shapes, Source
from catalog.domain.identifiers import RECORD, VOCAB, cited_items
from catalog.domain.reading import (
    ADDED,
    AGENT_PROPERTIES,
    DCAT,
    DCT,
    DISTRIBUTION,
    Reading,
    beside,
    placed,
    read,
)
from catalog.domain.report import Finding, Level, Report, Severity, in_order
from catalog.domain.schemes import Vocabularies, said_in
from catalog.domain.suggestions import with_suggestions
from catalog.domain.superseded import superseded

_FEW = 300
"""Up to how many statements one is looked for without an index of them all."""

_TITLE = f"<{DCT}title>"
_SEVERITIES: Mapping[str, Severity] = {
    "Violation": "violation",
    "Warning": "warning",
    "Info": "info",
}


class Knowledge(Protocol):
    """What judging needs of the library."""

    @property
    def vocabularies(self) -> Vocabularies: ...

    @property
    def shapes(self) -> Shapes: ...

    @property
    def version(self) -> str: ...

    @property
    def context(self) -> Mapping[str, Any]: ...

    def engine_for(
        self, item_type: str, classes: Iterable[str], properties: Collection[str]
    ) -> Engine: ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """A description in the form that is kept, and what is to be said about it.

    ntriples    the stored form
    digest      its SHA-256, in hexadecimal
    type        the item type, None unless there is just one
    title       the title in English, else any
    references  the ids of the other items that it cites, sorted
    files       the names of the files that it speaks about, percent-encoded, sorted
    """

    ntriples: str
    digest: str
    type: str | None
    title: str | None
    report: Report
    references: tuple[str, ...]
    files: tuple[str, ...]


def judge(
    source: bytes,
    media_type: str,
    *,
    item: str,
    bases: tuple[str, ...] = (),
    library: Knowledge,
    level: Level = "publication",
    type_hint: str | None = None,
    files: tuple[str, ...] = (),
    written: Collection[str] = (),
    places: bool = True,
) -> Judgement:
    """Read a description of the item and judge it at both levels.

    item       the item's IRI in the record
    bases      every base that the catalog runs or ran under, each with a slash at its end
    level      the level that the report's `conforms` is about
    type_hint  the item type by which to judge a description that does not say its class
    files      names of files kept here, percent-encoded: each is a distribution while judging
    written    lines of the stored form that the catalog itself wrote; see `read`
    places     whether findings tell line and column and what would settle them, of which nobody
               asks in a stored description: working that out takes a third of the time

    Raises what `read` raises.
    """
    reading = read(
        source,
        media_type,
        item=item,
        bases=bases,
        contexts={"context.jsonld": library.context} if "json" in media_type else None,
        written=written,
        agents=_agents(library.shapes),
        meaning=library,
    )
    return _Judging(reading, library, type_hint, files, places=places).judgement(level)


@lru_cache(maxsize=8)
def _agents(shapes: Shapes) -> frozenset[str]:
    return AGENT_PROPERTIES | shapes.agent_properties


class _Judging:
    """One judgement while it goes on."""

    def __init__(
        self,
        reading: Reading,
        library: Knowledge,
        hint: str | None,
        files: tuple[str, ...],
        *,
        places: bool,
    ) -> None:
        self.reading = reading
        self.library = library
        self.shapes = library.shapes
        self.item = reading.item
        self.subject = f"<{reading.item}>"
        self.files = files
        self.places = places
        deciding = self.shapes.deciding
        typing = [(s, value) for s, predicate, value in reading.statements if predicate == TYPE]
        self.classes = {value for _, value in typing}
        said = [value for subject, value in typing if subject == self.subject]
        self.types = sorted({deciding[kind] for kind in said if kind in deciding})
        self.type = self.types[0] if len(self.types) == 1 else None
        self.judged_as = self.type or (
            hint if not self.types and hint in self.shapes.item_types else None
        )

    def judgement(self, level: Level) -> Judgement:
        description = self.reading.description
        report = Report(level, self.library.version, self._placed_in_order(description))
        return Judgement(
            ntriples=description.ntriples,
            digest=description.digest,
            type=self.type,
            title=self._title(),
            report=report,
            references=self._references(),
            files=self._files(),
        )

    def _title(self) -> str | None:
        titles = sorted(
            value
            for subject, predicate, value in self.reading.statements
            if predicate == _TITLE and subject == self.subject and value[0] == '"'
        )
        return said_in(map(literal, titles), "en")

    def _references(self) -> tuple[str, ...]:
        ours = f"<{RECORD}items/"
        values = [v[1:-1] for v in self.reading.values if v.startswith(ours)]
        return cited_items(values, self.item.rpartition("/")[2])

    def _files(self) -> tuple[str, ...]:
        prefix = f"<{self.item}#file/"
        return tuple(
            sorted(
                subject[len(prefix) : -1]
                for subject in self.reading.subjects
                if subject.startswith(prefix)
            )
        )

    # -- findings

    def _placed_in_order(self, description: Description) -> tuple[Finding, ...]:
        """Return the findings in their order, each with its place in the text.

        Places are looked for last, since of very many findings only some are told.
        """
        origins: dict[Finding, int] = {}
        for origin, finding in self._findings(description):
            origins.setdefault(finding, origin)
        ordered = in_order(origins)
        if not self.places:
            return ordered
        place = self.reading.place
        found = [
            (origin, finding if origin == ADDED else placed(finding, place(origin)))
            for finding in ordered
            for origin in (origins.get(finding, ADDED),)
        ]
        return with_suggestions(
            found,
            self.reading,
            vocabularies=self.library.vocabularies,
            shapes=self.shapes,
            context=lambda: self.library.context,
            item_type=self.judged_as,
        )

    def _findings(self, description: Description) -> Iterator[tuple[int, Finding]]:
        """Yield each finding with the number of the statement that it points at."""
        own_type = f"<{VOCAB}item-type/{self.type}>"
        for origin, finding in self.reading.notes:
            if finding.path != f"{DCT}type" or finding.value != own_type:
                yield origin, finding
        if self.type is None:
            yield self._about_type()
        if self.judged_as is not None:
            judged = self.library.engine_for(self.judged_as, self.classes, self._properties())
            results = judged(self._given(description))
            yield from map(self._told, results)
            yield from self._own_checks(self.judged_as)
        yield from self._superseded()
        yield from self._unreachable()

    def _given(self, description: Description) -> str:
        """Return what the engine sees: the description, what it cites, and its files."""
        about = self.library.vocabularies.slice_about
        pieces = [description.ntriples]
        pieces += [about(term) for term in self.reading.values if term[0] == "<"]
        pieces += [self.shapes.superclasses(term) for term in self.classes]
        if self.type is None and self.judged_as is not None:
            pieces.append(f"{self.subject} {TYPE} <{self.shapes.item_types[self.judged_as]}> .\n")
        pieces += [self._distribution(name) for name in self.files]
        return "".join(pieces)

    def _properties(self) -> set[str]:
        """Return the properties that the engine will see."""
        used = {predicate for _, predicate, _ in self.reading.statements}
        if self.files:
            self.classes.add(f"<{DCAT}Distribution>")
            used |= {DISTRIBUTION, f"<{DCAT}accessURL>", f"<{DCAT}downloadURL>"}
        return used

    def _distribution(self, name: str) -> str:
        """Return what the catalog will say about a file, as far as shapes ask for it."""
        node = f"<{self.item}#file/{name}>"
        address = f"<{self.item}/files/{name}>"
        return (
            f"{self.subject} <{DCAT}distribution> {node} .\n"
            f"{node} {TYPE} <{DCAT}Distribution> .\n"
            f"{node} <{DCAT}accessURL> {address} .\n"
            f"{node} <{DCAT}downloadURL> {address} .\n"
        )

    def _told(self, result: Result) -> tuple[int, Finding]:
        """Return an engine's result as a person is told it."""
        source = self.shapes.source(result.shape)
        path = source.path or (result.path and result.path.strip("<>"))
        finding = Finding(
            severity=_SEVERITIES.get(result.severity, "violation"),
            level=source.level or "draft",
            focus_node=beside(self.item, result.focus_node),
            path=path,
            property=source.name,
            value=result.value and beside(self.item, result.value),
            message=source.message or result.message or _plain_message(source, result),
            help=source.help,
            component=result.component,
            shape=source.iri if result.shape[0] == "<" else None,
        )
        return self._origin(result.focus_node, f"<{path}>", result.value), finding

    def _about_type(self) -> tuple[int, Finding]:
        if self.types:
            message = (
                f"This has the classes of {' and '.join(self.types)}; "
                "an item is of one type, so keep one of them."
            )
        else:
            offered = ", ".join(
                f"{name} <{iri}>" for name, iri in sorted(self.shapes.item_types.items())
            )
            message = f"Say what this is, by one of these classes (rdf:type): {offered}."
        finding = Finding(
            severity="violation",
            level="draft",
            focus_node="<>",
            path=TYPE[1:-1],
            message=message,
            component="item-type",
        )
        return self._origin(self.subject, TYPE, None), finding

    def _own_checks(self, item_type: str) -> Iterator[tuple[int, Finding]]:
        known = self.shapes.words(item_type)
        for origin, statement in zip(self.reading.origins, self.reading.statements, strict=True):
            _, predicate, value = statement
            if value == NOT_STATED:
                yield self._remark(
                    origin,
                    statement,
                    "warning",
                    "publication",
                    "not-stated",
                    "{name} is not stated.",
                )
            elif predicate not in known.paths:
                yield self._remark(
                    origin,
                    statement,
                    "info",
                    "draft",
                    "unknown-property",
                    "This is kept as it is, but no page or export uses it.",
                )
            elif value[-1] == '"' and predicate in known.texts:
                yield self._remark(
                    origin,
                    statement,
                    "warning",
                    "draft",
                    "untagged-text",
                    '{name} has no language: write "..."@en, or the language that it is in.',
                )

    def _superseded(self) -> Iterator[tuple[int, Finding]]:
        """Tell of concepts in whose place others stand: deprecated, or with a published name."""
        known = self.library.vocabularies
        old = {
            term: said
            for term in self.reading.values
            if term[0] == "<" and (said := superseded(known, term))
        }
        if not old:
            return
        for origin, statement in zip(self.reading.origins, self.reading.statements, strict=True):
            said = old.get(statement[2])
            if said is not None:
                yield self._remark(origin, statement, "warning", "draft", *said)

    def _remark(
        self,
        origin: int,
        statement: Statement,
        severity: Severity,
        level: Level,
        component: str,
        message: str,
    ) -> tuple[int, Finding]:
        subject, predicate, value = statement
        name = self.shapes.words(self.judged_as).names.get(predicate) if self.judged_as else None
        finding = Finding(
            severity=severity,
            level=level,
            focus_node=beside(self.item, subject),
            path=predicate[1:-1],
            property=name,
            value=beside(self.item, value),
            message=message.replace("{name}", name or predicate[1:-1]),
            component=component,
        )
        return origin, finding

    def _unreachable(self) -> Iterator[tuple[int, Finding]]:
        """Tell which parts nothing leads to from the item."""
        subjects = self.reading.subjects
        links: dict[str, list[str]] = {}
        for subject, value in [(s, v) for s, _, v in self.reading.statements if v in subjects]:
            links.setdefault(subject, []).append(value)
        reached: set[str] = set()
        pending = [self.subject]
        while pending:
            node = pending.pop()
            if node not in reached:
                reached.add(node)
                pending.extend(links.get(node, ()))
        for node in sorted(subjects):
            if node not in reached and not node.startswith(f"<{self.item}#file/"):
                name = beside(self.item, node)
                finding = Finding(
                    severity="warning",
                    level="draft",
                    focus_node=name,
                    message=f"Nothing leads from the item to {name}, so no page will show it. "
                    "Point to it, or leave it out.",
                    component="unreachable-part",
                )
                yield self._origin(node, TYPE, None), finding

    # -- places

    def _origin(self, focus: str, path: str, value: str | None) -> int:
        """Return the number of the statement to point at, the nearest that there is.

        That is the one itself, else the first with its property, else the first about the thing,
        else the first that leads to it.
        """
        if len(self.reading.statements) <= _FEW:
            return self._nearest(focus, path, value)
        for key in ((focus, path, value), (focus, path, None), (focus, None, None)):
            if key in self._index:
                return self._index[key]
        return self._index.get((None, None, focus), ADDED)

    def _nearest(self, focus: str, path: str, value: str | None) -> int:
        """Return the same by looking at each statement, which is quicker for a few of them."""
        best = (9, ADDED)
        for origin, statement in zip(self.reading.origins, self.reading.statements, strict=True):
            if origin == ADDED or focus not in statement:
                continue
            subject, predicate, found = statement
            if subject != focus:
                rank = 3 if found == focus else 9
            elif predicate != path:
                rank = 2
            else:
                rank = 0 if found == value else 1
            if rank < 9:
                best = min(best, (rank, origin))
        return best[1]

    @cached_property
    def _index(self) -> dict[tuple[str | None, str | None, str | None], int]:
        """The first statement with certain terms, None standing for any."""
        index: dict[tuple[str | None, str | None, str | None], int] = {}
        origins, statements = self.reading.origins, self.reading.statements
        for origin, (subject, predicate, value) in sorted(zip(origins, statements, strict=True)):
            if origin != ADDED:
                index.setdefault((subject, predicate, value), origin)
                index.setdefault((subject, predicate, None), origin)
                index.setdefault((subject, None, None), origin)
                index.setdefault((None, None, value), origin)
        return index


def _plain_message(source: Source, result: Result) -> str:
    name = source.name or (result.path or "This").strip("<>")
    return f"{name} does not satisfy {result.component.removesuffix('ConstraintComponent')}."
