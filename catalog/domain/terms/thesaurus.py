"""How concepts hang together: up and down the tree, across schemes, by letter, by label.

The files say some of it in one direction only, and `broader` may lead into another scheme; here
every relation is known from both ends. Whatever needs all schemes parses them at the first
question, a third of a second for 6,000 concepts; from then on each answer is a look into a table.
"""

from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import merge

from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import Collection, Concept, Row, Scheme, Vocabularies
from catalog.domain.terms.labels import (
    LABELS,
    Entry,
    Index,
    Label,
    Table,
    compared,
    counted_labels,
    in_language,
    in_order,
    pieces_of,
    speaks,
)
from catalog.domain.terms.relations import Branch, Links, closure, closures, grown, linked

__all__ = ["Branch", "Entry", "Label", "Mapped", "Statistics", "Thesaurus"]

_INVERSE = {"broadMatch": "narrowMatch", "narrowMatch": "broadMatch"}
"""The mapping relations that read otherwise from the other end; the rest are symmetric."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping as one of its two concepts sees it.

    relation   `exactMatch`, `closeMatch`, `broadMatch`, `narrowMatch` or `relatedMatch`
    target     IRI of the other concept, of a scheme here or anywhere
    is_stated  whether the concept's own file says so; else the other end's does
    """

    relation: str
    target: str
    is_stated: bool


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a scheme counts.

    types     IRI of each class to how many concepts and collections are of it, and how many of
              them are deprecated
    labels    language to `prefLabel`, `altLabel` and `hiddenLabel` to how many
    mapped    how many concepts have a mapping, from whichever end
    """

    concepts: int
    top_concepts: int
    deprecated: int
    collections: int
    mapped: int
    types: Mapping[str, tuple[int, int]]
    labels: Mapping[str, Mapping[str, int]]


class Thesaurus:
    """The concepts of every scheme as one net; all IRIs stand without brackets."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        """Know the concepts of `vocabularies`, as far as they are asked for."""
        self.vocabularies = vocabularies
        self._schemes: dict[str, Scheme | None] = {}
        self._concepts: dict[str, Concept] = {}
        self._collections: dict[str, Collection] = {}
        self._trees: dict[str, tuple[Branch, ...]] = {}
        self._reach: dict[str, frozenset[str]] = {}
        self._lead: dict[str, frozenset[str]] = {}
        self._tops: dict[str, frozenset[str]] = {}
        self._tables: dict[str, Table] = {}
        self._indexes: dict[tuple[str, ...], Index] = {}
        self._spoken: dict[str, Mapping[str, Mapping[str, int]]] = {}
        self._counted: dict[str, Statistics] = {}

    def warm(self) -> None:
        """Read and link everything now, instead of at the first question."""
        _ = self._links, self._table
        for name in self.vocabularies.names:
            self.letters(name)
            self.statistics(name)
            self.tree(name)
            self.belongs("", name)

    # -- single things, kept once they were asked for

    def scheme(self, name: str) -> Scheme | None:
        """Return the scheme of that name, such as `ml-task`, if there is one."""
        found = self._schemes.get(name)
        if found is None:
            found = self.vocabularies.scheme(name)
            if found is not None:
                self._schemes[name] = found
        return found

    def concept(self, iri: str) -> Concept | None:
        """Return the concept, if any scheme describes it."""
        found = self._concepts.get(iri) or self.vocabularies.concept(iri)
        if found is not None:
            self._concepts[iri] = found
        return found

    def collection(self, iri: str) -> Collection | None:
        """Return the group of concepts (`skos:Collection`), if any scheme describes it."""
        found = self._collections.get(iri) or self.vocabularies.collection(iri)
        if found is not None:
            self._collections[iri] = found
        return found

    def scheme_of(self, iri: str) -> str | None:
        """Return the name of the scheme that describes a concept or collection."""
        return self.vocabularies.scheme_of(iri) if self._row(iri) else None

    def _row(self, iri: str) -> Row | None:
        return self.vocabularies.row(iri)

    # -- up, down and across

    def broader(self, iri: str) -> tuple[str, ...]:
        """Return the concepts right above one, those that it states itself first."""
        return self._links.broader.get(iri, ())

    def narrower(self, iri: str) -> tuple[str, ...]:
        """Return the concepts right below one, of whichever scheme, in the order of the files."""
        return self._links.narrower.get(iri, ())

    def related(self, iri: str) -> tuple[str, ...]:
        """Return the concepts that are related to one, whichever of the two says so."""
        return self._links.related.get(iri, ())

    def broader_transitive(self, iri: str, most: int | None = None) -> tuple[str, ...]:
        """Return every concept above one, the nearest first, without itself.

        most  how many at most; the farthest are left out
        """
        return closure(self._links.broader, iri, most)

    def narrower_transitive(self, iri: str, most: int | None = None) -> tuple[str, ...]:
        """Return every concept below one, the nearest first, without itself.

        most  how many at most; the farthest are left out
        """
        return closure(self._links.narrower, iri, most)

    def paths(self, iri: str, most: int = 20) -> tuple[tuple[str, ...], ...]:
        """Return the ways down to a concept, each from the top to the concept itself.

        most  how many ways at most; concepts with many parents at many levels have thousands
        """
        found: list[tuple[str, ...]] = []
        pending: list[tuple[str, ...]] = [(iri,)]
        while pending and len(found) < most:
            way = pending.pop()
            above = [one for one in self.broader(way[0]) if one not in way]
            if not above:
                found.append(way)
            pending.extend((one, *way) for one in reversed(above))
        return tuple(found)

    def replaces(self, iri: str) -> tuple[str, ...]:
        """Return the concepts, deprecated by now, in whose place this one came."""
        return self._links.replaces.get(iri, ())

    def referring(self, iri: str) -> tuple[tuple[str, str], ...]:
        """Return who names a concept by a property that is no relation of SKOS: property and IRI.

        The measurements that a sensor makes name the sensor, the nodes of a project the project.
        """
        return self._links.referring.get(iri, ())

    def mappings(self, iri: str) -> tuple[Mapped, ...]:
        """Return the mappings of a concept from both ends, what its own file says first.

        A `broadMatch` that the other end states is a `narrowMatch` here, and the reverse.
        """
        concept = self.concept(iri)
        stated = concept.mappings if concept else {}
        found = {(name, target): True for name, targets in stated.items() for target in targets}
        for name, source in self._links.mapped_from.get(iri, ()):
            found.setdefault((_INVERSE.get(name, name), source), False)
        return tuple(Mapped(name, target, said) for (name, target), said in found.items())

    # -- a scheme as a tree

    def top_concepts(self, name: str) -> tuple[str, ...]:
        """Return the top concepts of a scheme: as stated, else those with nothing above them.

        A stated one may still have a broader concept in another scheme; `roots` leads there.
        """
        scheme = self.scheme(name)
        if scheme is None:
            return ()
        within = set(scheme.concepts)
        return scheme.top_concepts or tuple(
            iri for iri in scheme.concepts if within.isdisjoint(self.broader(iri))
        )

    def tops_of(self, iri: str) -> tuple[str, ...]:
        """Return the IRIs of the schemes of which a concept is a top concept, sorted."""
        name = self.vocabularies.scheme_of(iri)
        concept = self.concept(iri)
        if name is None or concept is None:
            return ()
        if name not in self._tops:
            self._tops[name] = frozenset(self.top_concepts(name))
        own = {VOCAB + name} if iri in self._tops[name] else set()
        return tuple(sorted(own.union(concept.top_concept_of)))

    def roots(self, name: str) -> tuple[str, ...]:
        """Return where the tree of a scheme begins: with nothing above, of whichever scheme."""
        scheme = self.scheme(name)
        own = scheme.concepts if scheme else ()
        leading = closures(self._links.broader, own)
        found = [iri for iri in leading if not self.broader(iri)]
        reached = closures(self._links.narrower, found)
        for iri in own:
            if iri not in reached:  # A circle has no beginning, so it begins anywhere.
                found.append(self.broader_transitive(iri)[-1])
                reached |= closures(self._links.narrower, found[-1:])
        return tuple(found)

    def children(self, iri: str, within: str | None = None) -> tuple[str, ...]:
        """Return the concepts right below one.

        within  name of a scheme: only what is of it, or leads to something that is
        """
        if within is None:
            return self.narrower(iri)
        leading = self._leading(within)
        return tuple(one for one in self.narrower(iri) if one in leading)

    def tree(self, name: str) -> tuple[Branch, ...]:
        """Return the whole tree of a scheme, with the parents that other schemes lend it.

        A concept with several parents stands under each, its own branches only at the first.
        """
        if name not in self._trees:
            self._trees[name] = grown(self.roots(name), lambda iri: self.children(iri, name))
        return self._trees[name]

    def belongs(self, iri: str, name: str) -> bool:
        """Tell whether a concept is met when one walks a scheme up and down from its concepts."""
        if name not in self._reach:
            scheme = self.scheme(name)
            own = scheme.concepts if scheme else ()
            below = closures(self._links.narrower, own)
            self._reach[name] = frozenset(below | closures(self._links.broader, below))
        return iri in self._reach[name]

    def _leading(self, name: str) -> frozenset[str]:
        """Return the concepts of a scheme and everything above them."""
        if name not in self._lead:
            scheme = self.scheme(name)
            own = scheme.concepts if scheme else ()
            self._lead[name] = frozenset(closures(self._links.broader, own))
        return self._lead[name]

    # -- groups

    def groups(self, name: str) -> tuple[Collection, ...]:
        """Return the groups (`skos:Collection`) that the file of a scheme describes."""
        scheme = self.scheme(name)
        found = (self.collection(iri) for iri in (scheme.collections if scheme else ()))
        return tuple(one for one in found if one is not None)

    def groups_of(self, iri: str) -> tuple[str, ...]:
        """Return the IRIs of the groups that a concept or group is a member of."""
        return self._links.groups.get(iri, ())

    # -- by letter

    def languages(self, name: str) -> tuple[str, ...]:
        """Return the languages of the labels in a scheme, sorted."""
        return tuple(self.label_counts(name))

    def letters(self, name: str, language: str = "en") -> tuple[str, ...]:
        """Return the letters under which the alphabetical index of a scheme has something.

        Capitals sorted, then `!*` for what begins with neither letter nor digit, then `0-9`.
        """
        return self._index(name, language).letters

    def index(self, name: str, letter: str, language: str = "en") -> tuple[Entry, ...]:
        """Return the index of a scheme under a letter, sorted; deprecated concepts are left out.

        letter  one of `letters`, or longer beginnings of a label, or `*` for the whole index
        """
        return self._index(name, language).under(letter)

    def _index(self, name: str, language: str) -> "Index":
        # Kept by the languages that are there: users can name any number of others.
        spoken = tuple(tag for tag in self.languages(name) if speaks(tag, language))
        key = (name, *spoken)
        if key not in self._indexes:
            self._indexes[key] = Index(self._entries(name, language) if spoken else ())
        return self._indexes[key]

    def _entries(self, name: str, language: str) -> Iterator[Entry]:
        scheme = self.scheme(name)
        for iri in scheme.concepts if scheme else ():
            concept = self.concept(iri)
            if concept is None or concept.deprecated:
                continue
            preferred = next(in_language(concept.labels, language), None)
            if preferred is None:
                continue
            yield Entry(iri, preferred.text, preferred.language, preferred.text, True)
            for text in in_language(concept.alt_labels, language):
                yield Entry(iri, text.text, text.language, preferred.text, False)

    # -- by label

    def labelled(
        self, pattern: str, *, schemes: Several[str] = (), language: str | None = None
    ) -> Iterator[Label]:
        """Yield the labels that match, sorted, of concepts and collections alike.

        pattern   a whole label, whatever its case; `*` stands for any text
        schemes   names of schemes to look in; all of them if there are none
        language  look only at labels in it, `en` meaning `en-US` as well; untagged ones never
                  match a language

        They come one by one, so that whoever takes a few does not wait for the rest.
        """
        tables = [self._table_of(name) for name in dict.fromkeys(schemes)] or [self._table]
        wanted = pieces_of(pattern)
        found = merge(*(table.matching(wanted) for table in tables), key=in_order)
        return (one for one in found if language is None or speaks(one.language, language))

    def labels_of(self, iri: str) -> Iterator[Label]:
        """Yield the labels of a concept or collection, preferred ones first."""
        row = self._row(iri)
        name = self.vocabularies.scheme_of(iri)
        found = self.concept(iri) or self.collection(iri)
        if row is None or name is None or found is None:
            return
        for kind, texts in zip(
            LABELS, (found.labels, found.alt_labels, found.hidden_labels), strict=True
        ):
            for text in texts:
                yield Label(iri, name, kind, text.text, text.language, compared(text.text))

    def _table_of(self, name: str) -> "Table":
        if name not in self._tables:
            scheme = self.scheme(name)
            described = (*scheme.concepts, *scheme.collections) if scheme else ()
            made = Table(label for iri in described for label in self.labels_of(iri))
            if scheme is None:
                return made
            self._tables[name] = made
        return self._tables[name]

    @cached_property
    def _table(self) -> "Table":
        tables = (self._table_of(name) for name in self.vocabularies.names)
        return Table(label for table in tables for label in table.labels)

    # -- counts

    def label_counts(self, name: str) -> Mapping[str, Mapping[str, int]]:
        """Return language to `prefLabel`, `altLabel` and `hiddenLabel` to how many there are."""
        if name not in self._spoken:
            scheme = self.scheme(name)
            if scheme is None:
                return {}
            self._spoken[name] = counted_labels(
                label for iri in scheme.concepts for label in self.labels_of(iri)
            )
        return self._spoken[name]

    def statistics(self, name: str) -> Statistics:
        """Return what a scheme counts; all zero where there is none of that name."""
        if name not in self._counted:
            counted = self._count(name)
            if self.scheme(name) is None:
                return counted
            self._counted[name] = counted
        return self._counted[name]

    def _count(self, name: str) -> Statistics:
        scheme = self.scheme(name)
        iris = scheme.concepts if scheme else ()
        concepts = [one for iri in iris if (one := self.concept(iri))]
        groups = self.groups(name)
        types: Counter[str] = Counter(kind for one in concepts for kind in one.types)
        types.update(kind for one in groups for kind in one.types)
        old: Counter[str] = Counter(
            kind for one in concepts if one.deprecated for kind in one.types
        )
        return Statistics(
            concepts=len(concepts),
            top_concepts=len(self.top_concepts(name)),
            deprecated=sum(one.deprecated for one in concepts),
            collections=len(groups),
            mapped=sum(bool(self.mappings(one.iri)) for one in concepts),
            types={kind: (number, old[kind]) for kind, number in types.items()},
            labels=self.label_counts(name),
        )

    @cached_property
    def _links(self) -> Links:
        """Every relation from both ends; to know them all takes every file."""
        return linked(
            {
                iri: self.vocabularies.rows(name)[f"<{iri}>"]
                for name in self.vocabularies.names
                if (scheme := self.scheme(name)) is not None
                for iri in (*scheme.concepts, *scheme.collections)
                if self.vocabularies.scheme_of(iri) == name
            }
        )
