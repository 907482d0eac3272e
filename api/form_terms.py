"""How the terms of vocabularies are called in a form, and which one is meant by what is typed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from api.naming import Naming
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import Concept

_MOST_LISTED: Final = 300
_PROPER: Final = 2
_FIRST: Final = (False, False, -1, -1)


@dataclass(frozen=True, slots=True)
class Option:
    """A term to choose: its IRI, what it is called, and what it means."""

    iri: str
    label: str
    meaning: str


@dataclass(frozen=True, eq=False)
class Offers:
    """The terms of some schemes, for one reader; a name is unique among them."""

    naming: Naming
    schemes: tuple[str, ...]

    @cached_property
    def by_scheme(self) -> tuple[tuple[str, tuple[Option, ...]], ...]:
        """The terms in use, under the name of their scheme, in the order of the files."""
        return tuple(
            (self.naming.of_term(VOCAB + name), tuple(self._options(name))) for name in self.schemes
        )

    @property
    def is_listed(self) -> bool:
        """Whether there are few enough to list all of them in the page."""
        return sum(len(options) for _, options in self.by_scheme) <= _MOST_LISTED

    def _options(self, scheme: str) -> Iterator[Option]:
        for concept in self._concepts_of(scheme):
            if not concept.deprecated:
                word = self.naming.term(concept.iri)
                yield Option(concept.iri, self.label(concept.iri), word.help if word else "")

    def _concepts_of(self, scheme: str) -> Iterator[Concept]:
        vocabularies = self.naming.library.vocabularies
        found = vocabularies.scheme(scheme)
        for iri in found.concepts if found else ():
            if concept := vocabularies.concept(iri):
                yield concept

    @cached_property
    def _all(self) -> tuple[tuple[int, Concept], ...]:
        """Every term once, with the place of its scheme."""
        found: dict[str, tuple[int, Concept]] = {}
        for place, name in enumerate(self.schemes):
            for concept in self._concepts_of(name):
                found.setdefault(concept.iri, (place, concept))
        return tuple(found.values())

    @cached_property
    def _labels(self) -> dict[str, str]:
        """IRI to what it is called: more than the label where that may mean another term."""
        plain = {one.iri: self.naming.of_term(one.iri) for _, one in self._all}
        said = Counter(label.casefold() for label in plain.values())
        for _, one in self._all:
            if one.notation and one.notation.casefold() != plain[one.iri].casefold():
                said[one.notation.casefold()] += 1
        once = {
            one.iri: plain[one.iri]
            if said[plain[one.iri].casefold()] == 1
            else f"{plain[one.iri]} ({self._apart(place, one, plain[one.iri])})"
            for place, one in self._all
        }
        left = Counter(label.casefold() for label in once.values())
        return {
            iri: label if left[label.casefold()] == 1 else f"{label}, {iri}"
            for iri, label in once.items()
        }

    def _apart(self, place: int, concept: Concept, label: str) -> str:
        """Return what tells a term from others with its label: its notation, else its scheme."""
        notation = concept.notation or ""
        if notation and notation.casefold() != label.casefold():
            return notation
        return self.naming.of_term(VOCAB + self.schemes[place])

    def label(self, iri: str) -> str:
        """Return what a term is called in the form; its IRI where it is not of these schemes."""
        return self._labels.get(iri, iri)

    @cached_property
    def _meant(self) -> dict[str, str]:
        """What may be typed, folded, to the IRI of the term that is meant."""
        found: dict[str, tuple[tuple[bool, bool, int, int], str]] = {}
        for place, concept in self._all:
            for rank, name in _names(concept, self._labels[concept.iri]):
                # What a term is properly called goes before spellings, then the first scheme.
                order = (rank > _PROPER, concept.deprecated, place, rank)
                key = name.casefold()
                if rank == 0 or key not in found or order < found[key][0]:
                    found[key] = (order if rank else _FIRST, concept.iri)
        return {name: iri for name, (_, iri) in found.items()}

    def meant(self, text: str) -> str | None:
        """Return the IRI of the term with this label, spelling, notation or IRI; None for none."""
        return self._meant.get(" ".join(text.split()).casefold())

    def fits(self, iri: str, text: str) -> bool:
        """Tell whether a term may be called so."""
        concept = self.naming.library.vocabularies.concept(iri)
        if concept is None or iri not in self._labels:
            return False
        wanted = text.casefold()
        return any(name.casefold() == wanted for _, name in _names(concept, self._labels[iri]))


def _names(concept: Concept, label: str) -> Iterator[tuple[int, str]]:
    """Yield what a term may be called, with its rank: the lower, the better."""
    yield 0, label
    yield 0, concept.iri
    yield from ((1, text.text) for text in concept.labels)
    if concept.notation:
        yield 2, concept.notation
    yield from ((3, text.text) for text in concept.alt_labels)
    yield from ((4, text.text) for text in concept.hidden_labels)


@lru_cache(maxsize=256)
def offers(naming: Naming, schemes: tuple[str, ...]) -> Offers:
    """Return the terms of some schemes as a form offers them."""
    return Offers(naming, schemes)
