"""Which concept of certain schemes somebody meant by what stands in its place."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from catalog.domain.description import is_literal, literal
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import DCT, SKOS, Concept, Vocabularies
from catalog.domain.suggesting.closeness import NearNames, distance
from catalog.domain.superseded import published_match
from catalog.domain.terms.spelling import squashed

MOST = 5
"""How many concepts are offered."""

_ANY_CASE_FROM = 4
"""From how many letters on a name is the same in whatever case: `mW` and `MW` are two units."""

_MATCH = f"<{SKOS}exactMatch>"
_SOURCE = f"<{DCT}source>"
_SEPARATORS = re.compile(r"[\s_-]+")
_SEGMENTS = re.compile(r"[/#:]")
_NEAR_NAMESPACE = 2


@dataclass(frozen=True, slots=True)
class Meant:
    """A concept that may have been meant; is_sure if nothing else can have been."""

    iri: str
    label: str
    is_sure: bool


class Names:
    """The names of the concepts of one scheme: labels, notation and the end of the IRI."""

    def __init__(self, vocabularies: Vocabularies, scheme: str) -> None:
        found = vocabularies.scheme(scheme)
        iris = found.concepts if found else ()
        self.concepts = {iri: one for iri in iris if (one := vocabularies.concept(iri))}
        self.namespace = _namespace(list(self.concepts))
        self._rows = vocabularies.rows(scheme)
        self._spelled: dict[str, dict[str, None]] = {}
        self._folded: dict[str, dict[str, None]] = {}
        self._squashed: dict[str, dict[str, list[str]]] = {}
        for iri, concept in self.concepts.items():
            for name in self._names(concept):
                self._spelled.setdefault(name, {})[iri] = None
                self._folded.setdefault(folded(name), {})[iri] = None
                self._squashed.setdefault(squashed(name), {}).setdefault(iri, []).append(name)
        self._squashed.pop("", None)

    def _names(self, concept: Concept) -> Iterator[str]:
        yield concept.iri[len(self.namespace) :]
        if concept.notation:
            yield concept.notation
        for texts in (concept.labels, concept.alt_labels, concept.hidden_labels):
            yield from (text.text for text in texts)

    @cached_property
    def _near(self) -> NearNames:
        return NearNames(self._squashed)

    @cached_property
    def addresses(self) -> dict[str, set[str]]:
        """Address without its protocol to the concepts for which it can only stand.

        These are the IRI itself, what it maps to exactly, and its page if that is named after it.
        """
        found: dict[str, set[str]] = {}
        for iri in self.concepts:
            row = self._rows.get(f"<{iri}>", {})
            own = without_protocol(iri)
            pages = (without_protocol(term[1:-1]) for term in row.get(_SOURCE, ()))
            matches = (without_protocol(term[1:-1]) for term in row.get(_MATCH, ()))
            for one in (own, *matches, *(page for page in pages if page.startswith(own))):
                found.setdefault(one, set()).add(iri)
        return found

    def exact(self, name: str) -> Iterator[tuple[str, bool]]:
        """Yield the concepts with this name and whether that is beyond doubt, the surest first."""
        for iri in self._spelled.get(name, ()):
            yield iri, True
        for iri in self._folded.get(folded(name), ()):
            yield iri, len(name) >= _ANY_CASE_FROM
        for iri, names in self._squashed.get(squashed(name), {}).items():
            yield iri, len(name) >= _ANY_CASE_FROM and _marks(name) in map(_marks, names)

    def close(self, name: str) -> Iterator[tuple[tuple[int, float], str]]:
        """Yield the concepts with nearly this name, each with how far it is away."""
        for near, rank in self._near.near(squashed(name)):
            for iri in self._squashed[near]:
                yield rank, iri


def folded(name: str) -> str:
    """Return a name without case, `-`, `_` and space being the same."""
    return _SEPARATORS.sub("-", name.strip().casefold())


def without_protocol(iri: str) -> str:
    """Return an IRI as it is compared where http and https, www and a slash at its end differ."""
    return re.sub(r"^https?://(?:www\.)?", "", iri).rstrip("/")


def _marks(name: str) -> tuple[list[str], int]:
    """Return what tells names apart that have the same letters: numbers and fractions."""
    return re.findall(r"\d+", name), name.count("/")


def _namespace(iris: Sequence[str]) -> str:
    """Return what all IRIs begin with, up to the last slash or hash."""
    shared = shared_beginning(min(iris), max(iris)) if iris else ""
    return shared[: max(shared.rfind("/"), shared.rfind("#")) + 1]


def shared_beginning(one: str, other: str) -> str:
    """Return what two texts both begin with."""
    size = min(len(one), len(other))
    return one[: next((at for at in range(size) if one[at] != other[at]), size)]


class Nearest:
    """The concepts of all schemes by their names, those of a scheme read when it is asked for."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self.vocabularies = vocabularies
        self._names: dict[str, Names] = {}

    def names(self, scheme: str) -> Names:
        """Return the names in a scheme, kept once they were asked for."""
        if scheme not in self._names:
            self._names[scheme] = Names(self.vocabularies, scheme)
        return self._names[scheme]

    def concept(self, iri: str) -> Concept | None:
        """Return a concept, if it is described in any scheme."""
        return self.vocabularies.concept(iri)

    def meant(self, term: str, schemes: Sequence[str]) -> list[Meant]:
        """Return up to five concepts of `schemes` that may have been meant, the best first.

        term  an IRI or a literal that is no concept of these schemes

        First come those with exactly that name (case and separators aside) or with a mapping to
        the term. Unless that makes it sure, those with nearly the same name follow, and of a few
        concepts all. Instead of a deprecated concept stands its replacement, instead of one that
        maps exactly to another of `schemes` that other one.
        """
        exact = dict(self._exactly(term, schemes))
        is_sure = sum(exact.values()) == 1
        found = dict.fromkeys(sorted(exact, key=lambda iri: not exact[iri]))
        if not is_sure and len(found) < MOST:
            found |= dict.fromkeys((*self._closely(term, schemes), *self._all_of_few(schemes)))
        return [self._told(iri, is_sure and exact.get(iri, False)) for iri in list(found)[:MOST]]

    def _all_of_few(self, schemes: Sequence[str]) -> Iterator[str]:
        concepts = [one for name in schemes for one in self.names(name).concepts.values()]
        if len(concepts) <= MOST:
            yield from (one.iri for one in concepts if not one.deprecated)

    def _told(self, iri: str, is_sure: bool) -> Meant:
        concept = self.concept(iri)
        return Meant(iri, concept.label if concept else iri, is_sure)

    def replacement(self, concept: Concept, schemes: Sequence[str]) -> str | None:
        """Return what stands for a concept among `schemes`: itself, unless a better one is known.

        None if it is deprecated without exactly one replacement, or belongs elsewhere.
        """
        if concept.deprecated:
            if len(concept.replaced_by) != 1:
                return None
            successor = self.concept(concept.replaced_by[0])
            return successor.iri if successor and not successor.deprecated else None
        published = published_match(self.vocabularies, concept)
        found = (published, concept) if published else (concept,)
        of_schemes = (one.iri for one in found if self.vocabularies.scheme_of(one.iri) in schemes)
        return next(of_schemes, None)

    def _exactly(self, term: str, schemes: Sequence[str]) -> Iterator[tuple[str, bool]]:
        """Yield what has exactly the name of a term; the first mention of each is the surest."""
        seen: dict[str, bool] = {}
        for iri, is_sure in self._named(term, schemes):
            concept = self.concept(iri)
            instead = concept and self.replacement(concept, schemes)
            if instead:
                seen[instead] = seen.get(instead, False) or is_sure
        yield from seen.items()

    def _named(self, term: str, schemes: Sequence[str]) -> Iterator[tuple[str, bool]]:
        for scheme in (*schemes, *self._leading_to(schemes)):
            names = self.names(scheme)
            if is_literal(term):
                yield from names.exact(literal(term).text.strip())
            else:
                yield from self._named_by_address(term[1:-1], names)

    def _named_by_address(self, iri: str, names: Names) -> Iterator[tuple[str, bool]]:
        meant = names.addresses.get(without_protocol(iri), set())
        for one in sorted(meant):
            yield one, len(meant) == 1
        known = self.concept(iri)
        for own in (known.iri, known.label, known.notation) if known else ():
            for one, _ in names.exact(own or ""):
                yield one, False
        for ending in endings(iri, names.namespace):
            is_near = _is_near(iri, ending, names.namespace)
            for one, is_sure in names.exact(ending):
                yield one, is_sure and is_near and known is None

    def _closely(self, term: str, schemes: Sequence[str]) -> list[str]:
        ranked: dict[str, tuple[int, float]] = {}
        for scheme in schemes:
            names = self.names(scheme)
            for name in self._asked(term, names):
                for rank, iri in names.close(name):
                    concept = names.concepts[iri]
                    instead = self.replacement(concept, schemes)
                    if instead and rank < ranked.get(instead, (9, 9.0)):
                        ranked[instead] = rank
        return sorted(ranked, key=lambda iri: (ranked[iri], len(iri), iri))

    def _asked(self, term: str, names: Names) -> Iterable[str]:
        if is_literal(term):
            return (literal(term).text,)
        known = self.concept(term[1:-1])
        return (known.label,) if known else endings(term[1:-1], names.namespace)

    def _leading_to(self, schemes: Sequence[str]) -> list[str]:
        """Return the further schemes whose concepts map to concepts of `schemes`."""
        return [
            name for name, led in self._mapped.items() if name not in schemes and led & set(schemes)
        ]

    @cached_property
    def _mapped(self) -> dict[str, set[str]]:
        """Scheme to the other schemes that its concepts map to exactly."""
        found: dict[str, set[str]] = {}
        for name in self.vocabularies.names:
            if b"exactMatch" not in (self.vocabularies.file(name) or b""):
                continue
            for row in self.vocabularies.rows(name).values():
                for term in row.get(_MATCH, ()):
                    led = self.vocabularies.scheme_of(term[1:-1])
                    if led and led != name:
                        found.setdefault(name, set()).add(led)
        return found


def endings(iri: str, namespace: str) -> tuple[str, ...]:
    """Return what may be meant as the local name in an IRI, the likeliest first.

    namespace  what the IRIs of the concepts begin with

    >>> endings("https://e.org/vocab/frame/pytorch", "https://e.org/vocab/frame/")
    ('pytorch',)
    >>> endings("https://e.org/image/jpeg", "https://e.org/media-types/")
    ('jpeg', 'image/jpeg')
    """
    decoded = unquote(iri).rstrip("/#")
    if decoded.startswith(namespace):
        return (decoded[len(namespace) :],)
    most = 1 if decoded.startswith(VOCAB) and not namespace.startswith(VOCAB) else 2
    starts = [found.end() for found in _SEGMENTS.finditer(decoded)][-most:]
    found = [decoded[start:] for start in reversed(starts)] or [decoded]
    shared = len(shared_beginning(decoded, namespace))
    if shared > len(namespace) - _NEAR_NAMESPACE - 1:
        found.append(decoded[shared:])
    return tuple(dict.fromkeys(one for one in found if one))


def _is_near(iri: str, ending: str, namespace: str) -> bool:
    """Tell whether what stands before the local name is a namespace but for two errors."""
    before = iri[: len(iri) - len(ending)]
    if without_protocol(before) == without_protocol(namespace):
        return True
    if abs(len(before) - len(namespace)) > _NEAR_NAMESPACE:
        return False
    return distance(before, namespace) <= _NEAR_NAMESPACE
