"""How the file of a vocabulary is laid out, and how single facts of it change in place.

One block a concept, the scheme's first; within a block one property a line, in a fixed order, and
long lists one value a line. A change touches the lines that it is about: every other byte of the
file stays, so that what a maintainer reads in a patch is the change and nothing else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Final, NamedTuple

import pyoxigraph as ox

from catalog.domain.description import RDF, XSD, is_literal
from catalog.domain.errors import WrongState
from catalog.domain.identifiers import SAGE, VOCAB
from catalog.domain.schemes import DCT, SKOS

OWL: Final = "http://www.w3.org/2002/07/owl#"

ORDER: Final = (
    "dct:title", "dct:description", "dct:license",
    "skos:prefLabel", "skos:altLabel", "skos:hiddenLabel", "skos:notation", "skos:definition",
    "skos:scopeNote", "skos:example", "skos:editorialNote", "skos:inScheme", "skos:broader",
    "skos:narrower", "skos:related", "skos:exactMatch", "skos:closeMatch", "skos:broadMatch",
    "skos:narrowMatch", "skos:relatedMatch", "owl:deprecated", "dct:isReplacedBy", "dct:source",
)  # fmt: skip
"""The order of properties within a block; others follow by name, and then what is long."""

LAST: Final = ("skos:hasTopConcept", "skos:member")

PREFIXES: Final[Mapping[str, str]] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": DCT,
    "foaf": "http://xmlns.com/foaf/0.1/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "it6": "http://data.europa.eu/it6/",
    "owl": OWL,
    "prov": "http://www.w3.org/ns/prov#",
    "quantitykind": "http://qudt.org/vocab/quantitykind/",
    "qudt": "http://qudt.org/schema/qudt/",
    "qudt-unit": "http://qudt.org/vocab/unit/",
    "rdf": RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sage": SAGE,
    "schema": "https://schema.org/",
    "skos": SKOS,
    "sosa": "http://www.w3.org/ns/sosa/",
    "spdx-license": "https://spdx.org/licenses/",
    "ssn": "http://www.w3.org/ns/ssn/",
    "xsd": XSD,
}
"""The names for what a change may bring into a file that has not used it before."""

_TYPE: Final = f"{RDF}type"
_LONGEST_LINE: Final = 100
_CONTEXT: Final = 3

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PREFIX = re.compile(r"@prefix ([\w-]*): <([^>]*)> \.$")
_SUBJECT = re.compile(r"(<[^>\s]+>|[\w-]*:[^\s;]*) a skos:Concept(?:Scheme|\b[^;]*) [;.]$")
_ENTRY = re.compile(r"    ([\w-]+:[\w-]+)(?: (.+))?$")
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^(?:<[^>]*>|[^\s,]+))?|<[^>]*>|[^\s,]+')
_STRING_OR_IRI = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>')
_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes different about one property of a subject.

    subject, property  IRIs
    removed, added     values as terms of N-Triples; what is not there, or is there already, is
                       passed over
    """

    subject: str
    property: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Splice(NamedTuple):
    """Lines `start` to `end` of a file, counted from 0 and the last left out, become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One property of a block: its name and its values as the file writes them, and its lines.

    lines  without what ends them, a semicolon or a stop
    """

    property: str
    values: tuple[str, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, values: Sequence[str]) -> "Entry":
        """Return a property as the files lay it out: on one line, or a value a line."""
        line = f"    {name} {', '.join(values)}"
        if len(line) <= _LONGEST_LINE or len(values) == 1:
            return cls(name, tuple(values), (line,))
        *before, last = (f"        {value}" for value in values)
        return cls(name, tuple(values), (f"    {name}", *(f"{one}," for one in before), last))


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one subject, from `start` to before `end`, with its properties in order."""

    start: int
    end: int
    head: str
    entries: tuple[Entry, ...]


class VocabularyFile:
    """The file of one vocabulary as lines and blocks.

    path  what the file is called in errors and patches: `vocab/ml-task.ttl`
    """

    def __init__(self, path: str, text: bytes) -> None:
        self.path = path
        self.lines: tuple[str, ...] = tuple(_LINE.findall(text.decode()))
        self.prefixes: dict[str, str] = {}
        self.prefix_lines: dict[str, int] = {}
        for number, line in enumerate(self.lines):
            if found := _PREFIX.match(line.rstrip("\n")):
                self.prefixes[found[1]] = found[2]
                self.prefix_lines[found[1]] = number

    @cached_property
    def starts(self) -> Mapping[str, int]:
        """Where the block of each subject begins: IRI to number of the line, counted from 0."""
        found: dict[str, int] = {}
        for number, line in enumerate(self.lines):
            if line[0] not in " \n#@" and (match := _SUBJECT.match(line.rstrip("\n"))):
                found[self._expanded(match[1])[1:-1]] = number
        return found

    def edited(self, changes: Iterable[Change]) -> tuple[Splice, ...]:
        """Return what becomes of the file; a subject that has no block yet gets one.

        Raises WrongState where the file is not laid out as this module knows it.
        """
        if not self.lines or self.lines[-1][-1] != "\n":
            raise self._odd()
        editing = _Editing(self)
        by_subject: dict[str, list[Change]] = {}
        for change in changes:
            by_subject.setdefault(change.subject, []).append(change)
        for subject, wanted in by_subject.items():
            editing.take(subject, wanted)
        return editing.splices()

    def block(self, subject: str) -> Block | None:
        """Return the block of a subject, None where it has none."""
        start = self.starts.get(subject)
        if start is None:
            return None
        head = self.lines[start].rstrip("\n")
        entries: list[Entry] = []
        lines: list[str] = []
        for end in range(start, len(self.lines)):
            line = self.lines[end].rstrip("\n")
            if end > start:
                lines.append(line[:-2] if line.endswith((" ;", " .")) else line)
                if line.endswith((" ;", " .")):
                    entries.append(self._entry(lines))
                    lines = []
            if line.endswith(" ."):
                return Block(start, end + 1, head[:-2], tuple(entries))
        raise self._odd()

    def _entry(self, lines: list[str]) -> Entry:
        found = _ENTRY.match(lines[0])
        if found is None or (found[2] is None) != (len(lines) > 1):
            raise self._odd()
        if any(not line.startswith(" " * 8) or not line.endswith(",") for line in lines[1:-1]):
            raise self._odd()
        said = found[2] or " ".join(line.strip() for line in lines[1:])
        return Entry(found[1], tuple(_VALUE.findall(said)), tuple(lines))

    def _odd(self) -> WrongState:
        return WrongState(
            f"{self.path} is not laid out one block a concept, as this catalog writes it; "
            "change it by hand.",
            file=self.path,
        )

    def terms(self, values: Sequence[str]) -> list[str]:
        """Return values as the file writes them as terms of N-Triples."""
        if not any(is_literal(value) for value in values):
            return [self._expanded(value) for value in values]
        names = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in self.prefixes.items())
        said = f"{names}<x:s> <x:p> {', '.join(values)} ."
        return [str(triple.object) for triple in ox.parse(said, format=ox.RdfFormat.TURTLE)]

    def _expanded(self, written: str) -> str:
        if written[0] == "<":
            return written
        prefix, _, local = written.partition(":")
        return "<" + self.prefixes.get(prefix, f"{prefix}:") + local.replace("\\", "") + ">"


class _Editing:
    """One change of a file under way: the splices so far, and the prefixes that they need."""

    def __init__(self, file: VocabularyFile) -> None:
        self._file = file
        self._splices: list[Splice] = []
        self._inserted: dict[int, list[tuple[str, tuple[str, ...]]]] = {}
        self._new: dict[str, str] = {}
        self._given_up: set[str] = set()

    def take(self, subject: str, changes: list[Change]) -> None:
        """Change the block of a subject, or write one."""
        block = self._file.block(subject)
        if block is None:
            self._insert(subject, changes)
            return
        entries = list(block.entries)
        for change in changes:
            self._apply(entries, change)
        if tuple(entries) != block.entries:
            lines = written(block.head, entries)
            self._splices.append(Splice(block.start, block.end, lines))

    def splices(self) -> tuple[Splice, ...]:
        """Return what was changed, in the order of the file."""
        found = [*self._splices, *self._new_blocks(), *self._new_prefixes()]
        return tuple(sorted([*found, *self._idle_prefixes(sorted(found))]))

    def _idle_prefixes(self, splices: Sequence[Splice]) -> Iterable[Splice]:
        """Yield that the prefixes go which only removed values used."""
        for name in self._given_up:
            place = self._file.prefix_lines[name]
            text = _STRING_OR_IRI.sub("", spliced(self._file.lines, splices).decode())
            if not re.search(rf"(?<![\w:@-]){re.escape(name)}:(?=[A-Za-z0-9_])", text):
                yield Splice(place, place + 1, ())

    # -- within a block

    def _apply(self, entries: list[Entry], change: Change) -> None:
        name = self._short(f"<{change.property}>")
        place = next((n for n, one in enumerate(entries) if one.property == name), None)
        before = entries[place].values if place is not None else ()
        terms = self._file.terms(before)
        gone = set(change.removed)
        values = [v for v, term in zip(before, terms, strict=True) if term not in gone]
        for term in change.added:
            if term not in terms or term in gone:
                _put(values, self._short(term))
        if tuple(values) == before:
            return
        names = (value.partition(":")[0] for value in before if value not in values)
        self._given_up.update(name for name in names if name in self._file.prefixes)
        if place is not None:
            del entries[place]
        if values:
            entry = Entry.of(name, values)
            entries.insert(_place(entries, name) if place is None else place, entry)

    # -- new blocks

    def _insert(self, subject: str, changes: list[Change]) -> None:
        kinds = [self._short(t) for one in changes if one.property == _TYPE for t in one.added]
        entries: list[Entry] = []
        for change in changes:
            if change.property != _TYPE:
                self._apply(entries, change)
        lines = written(f"{self._short(f'<{subject}>')} a {', '.join(kinds)}", entries)
        place = self._place_of_block(subject)
        self._inserted.setdefault(place, []).append((subject, lines))

    def _place_of_block(self, subject: str) -> int:
        """Return the line before which a new concept stands: sorted where the others are."""
        # The block of the scheme, which comes first, takes no part in the order.
        concepts = list(self._file.starts.items())[1:]
        names = [iri for iri, _ in concepts]
        if len(names) > 1 and names == sorted(names) and names[-1] > subject:
            return concepts[bisect_right(names, subject)][1]
        last = self._file.block(next(reversed(list(self._file.starts)), ""))
        return last.end if last else len(self._file.lines)

    def _new_blocks(self) -> Iterable[Splice]:
        for place, blocks in self._inserted.items():
            is_before_another = self._file.lines[place : place + 1] not in ((), ("\n",))
            lines: list[str] = []
            for _, block in sorted(blocks):
                lines += [*block, "\n"] if is_before_another else ["\n", *block]
            yield Splice(place, place, tuple(lines))

    # -- names

    def _short(self, term: str) -> str:
        """Return a term as this file writes it, by a prefix where one fits."""
        if is_literal(term):
            value, mark, kind = term.rpartition("^^<")
            return f"{value}^^{self._short('<' + kind)}" if mark else term
        iri = term[1:-1]
        for name, namespace in {**self._known_for(iri), **self._file.prefixes}.items():
            local = iri.removeprefix(namespace)
            if local != iri and _LOCAL_NAME.match(local):
                if name not in self._file.prefixes:
                    self._new[name] = namespace
                return f"{name}:{local}"
        return term

    def _known_for(self, iri: str) -> dict[str, str]:
        """Return the prefixes that may be added for the sake of an IRI; no declared name is."""
        known = dict(PREFIXES)
        if iri.startswith(VOCAB):
            scheme = iri[len(VOCAB) :].partition("/")[0]
            known[scheme] = f"{VOCAB}{scheme}/"
        return {name: said for name, said in known.items() if name not in self._file.prefixes}

    def _new_prefixes(self) -> Iterable[Splice]:
        declared = self._file.prefix_lines
        by_place: dict[int, list[str]] = {}
        for name in sorted(self._new):
            after = [line for known, line in declared.items() if known > name]
            place = min(after) if after else max(declared.values(), default=-1) + 1
            by_place.setdefault(place, []).append(f"@prefix {name}: <{self._new[name]}> .\n")
        for place, lines in by_place.items():
            yield Splice(place, place, tuple(lines))


def _put(values: list[str], new: str) -> None:
    """Add a value: where it belongs if the others are names in order, else at the end."""
    if len(values) > 1 and new[0] not in '"<' and values == sorted(values):
        values.insert(bisect_right(values, new), new)
    else:
        values.append(new)


def _place(entries: Sequence[Entry], name: str) -> int:
    """Return where a property stands in a block that has not said it yet."""
    later = (n for n, one in enumerate(entries) if _rank(one.property) > _rank(name))
    return next(later, len(entries))


def _rank(name: str) -> tuple[int, str]:
    if name in LAST:
        return len(ORDER) + 1, name
    return (ORDER.index(name), "") if name in ORDER else (len(ORDER), name)


def written(head: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the lines of a block: its head, then its properties, the last with a stop."""
    pieces = [(head,), *(entry.lines for entry in entries)]
    lines: list[str] = []
    for number, piece in enumerate(pieces, 1):
        *before, last = piece
        lines += [f"{line}\n" for line in before]
        lines.append(f"{last} {';' if number < len(pieces) else '.'}\n")
    return tuple(lines)


def spliced(lines: Sequence[str], splices: Sequence[Splice]) -> bytes:
    """Return a file as it is after `splices`, which are in order and do not overlap."""
    made: list[str] = []
    at = 0
    for start, end, new in splices:
        made += [*lines[at:start], *new]
        at = end
    return "".join([*made, *lines[at:]]).encode()


def unified_diff(path: str, lines: Sequence[str], splices: Sequence[Splice]) -> str:
    """Return `splices` as a unified diff that `git apply` and `patch -p1` take; "" for none.

    Made from the splices and not by comparing two files: they say what changed, so a file of a
    megabyte costs no more than one of a page.
    """
    edits = [edit for splice in splices for edit in _edits(lines, splice)]
    if not edits:
        return ""
    said = [f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"]
    shift = 0
    for group in _grouped(edits):
        hunk, grown = _hunk(lines, group, shift)
        said.append(hunk)
        shift += grown
    return "".join(said)


def _hunk(lines: Sequence[str], group: Sequence[Splice], shift: int) -> tuple[str, int]:
    """Return edits with the lines around them, and by how many lines the file grows.

    shift  by how many lines it has grown before
    """
    start = max(0, group[0].start - _CONTEXT)
    end = min(len(lines), group[-1].end + _CONTEXT)
    body: list[str] = []
    at, grown = start, 0
    for edit in group:
        body += [f" {line}" for line in lines[at : edit.start]]
        body += [f"-{line}" for line in lines[edit.start : edit.end]]
        body += [f"+{line}" for line in edit.lines]
        grown += len(edit.lines) - (edit.end - edit.start)
        at = edit.end
    body += [f" {line}" for line in lines[at:end]]
    spans = f"-{_span(start, end - start)} +{_span(start + shift, end - start + grown)}"
    return "".join([f"@@ {spans} @@\n", *body]), grown


def _edits(lines: Sequence[str], splice: Splice) -> Iterable[Splice]:
    """Yield what really differs within a splice."""
    old = lines[splice.start : splice.end]
    matcher = SequenceMatcher(None, old, splice.lines, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield Splice(splice.start + a, splice.start + b, splice.lines[c:d])


def _grouped(edits: Sequence[Splice]) -> Iterable[list[Splice]]:
    """Yield edits that share their context together."""
    group = [edits[0]]
    for edit in edits[1:]:
        if edit.start - group[-1].end > 2 * _CONTEXT:
            yield group
            group = []
        group.append(edit)
    yield group


def _span(start: int, number: int) -> str:
    """Return where a hunk lies, as diffs count: from 1, and an empty one after the line before."""
    return f"{start + 1 if number else start},{number}"
