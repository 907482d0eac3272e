"""What a search means in Skosmos' REST API: labels matched whole or with `*`, each way one hit."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from api.skosmos_answers import BASE, CONCEPT, Json, label_in, shortened
from catalog.domain.description import is_literal, literal
from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import SKOS, Collection, Concept
from catalog.domain.terms.labels import (
    LABELS,
    Label,
    compared,
    fits,
    in_language,
    in_order,
    pieces_of,
    speaks,
)
from catalog.domain.terms.thesaurus import Thesaurus

_ONKI = "http://schema.onki.fi/onki#"
_FIELD = re.compile(r"[A-Za-z]{1,60}")


@dataclass(frozen=True)
class Search:
    """What is searched for.

    pattern   a label in any case, with `*` for any text
    schemes   names of the vocabularies; all if there are none
    matched   language of the labels to match; any if None
    shown     language of the labels to show; that of the match if None
    types     IRIs of classes; only concepts or collections of one of them are found
    parent    only what is below this concept, at whatever depth
    group     only members of this group
    fields    further properties of SKOS to show of each hit
    unique    whether a concept that matches in several ways is one hit, by its best label
    offset    how many hits to leave out first
    most      how many hits at most; None for all
    """

    pattern: str
    schemes: tuple[str, ...] = ()
    matched: str | None = None
    shown: str | None = None
    types: frozenset[str] = frozenset({CONCEPT})
    parent: str | None = None
    group: str | None = None
    fields: tuple[str, ...] = ()
    unique: bool = False
    offset: int = 0
    most: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether any label matches."""
        return not self.pattern.strip().strip("*")


def answer(thesaurus: Thesaurus, search: Search) -> Json:
    """Return the results of a search."""
    results = found(thesaurus, search)
    context: Json = {
        **BASE,
        "isothes": "http://purl.org/iso25964/skos-thes#",
        "onki": _ONKI,
        "results": {"@id": "onki:results", "@container": "@list"},
        **{name: f"skos:{name}" for name in LABELS},
        **{field: f"skos:{field}" for field in search.fields},
    }
    if "prefLabel" in search.fields:
        context["prefLabels"] = {"@id": "skos:prefLabel", "@container": "@language"}
    if search.shown:
        context["@language"] = search.shown
    return {"@context": context, "uri": "", "results": results}


def found(thesaurus: Thesaurus, search: Search) -> list[Json]:
    """Return the hits of a search, sorted by the label that matched."""
    if search.is_open and not (search.parent or search.group):
        return []
    end = None if search.most is None else search.offset + search.most
    matches = islice(_matches(thesaurus, search), search.offset, end)
    return [_hit(thesaurus, search, label) for label in matches]


def _matches(thesaurus: Thesaurus, search: Search) -> Iterator[Label]:
    pieces = pieces_of(search.pattern)
    for label in _candidates(thesaurus, search):
        thing = thesaurus.concept(label.iri) or thesaurus.collection(label.iri)
        if thing is None or search.types.isdisjoint(thing.types):
            continue
        if isinstance(thing, Concept) and thing.deprecated:
            continue
        if search.is_open and label.property != "prefLabel":
            continue
        if search.unique and label != _best(thesaurus, label.iri, pieces, search):
            continue
        yield label


def _candidates(thesaurus: Thesaurus, search: Search) -> Iterator[Label]:
    """Yield the labels that match, of whatever is below the parent and in the group."""
    pattern = search.pattern or "*"
    language = search.shown if search.is_open else search.matched
    within = _within(thesaurus, search)
    if within is None:
        yield from thesaurus.labelled(pattern, schemes=search.schemes, language=language)
        return
    pieces = pieces_of(pattern)
    if len(within) > _FEW:
        every = thesaurus.labelled(pattern, schemes=search.schemes)
        found: Iterator[Label] = (label for label in every if label.iri in within)
    else:
        few = (label for iri in within for label in thesaurus.labels_of(iri))
        fitting = (label for label in few if fits(label.key, pieces))
        found = iter(sorted(fitting, key=in_order))
    for label in found:
        if search.schemes and label.scheme not in search.schemes:
            continue
        if language is None or speaks(label.language, language):
            yield label


_FEW = 200
"""Of how many concepts the labels are looked at one by one, instead of in the table of all."""


def _within(thesaurus: Thesaurus, search: Search) -> frozenset[str] | None:
    """Return what `parent` and `group` leave, None where they are not given."""
    if not (search.parent or search.group):
        return None
    left = []
    if search.parent:
        left.append(frozenset(thesaurus.narrower_transitive(search.parent)))
    if search.group:
        group = thesaurus.collection(search.group)
        left.append(frozenset(group.members if group else ()))
    return frozenset.intersection(*left)


def _best(thesaurus: Thesaurus, iri: str, pieces: tuple[str, ...], search: Search) -> Label | None:
    """Return the label by which a concept is one hit: preferred and in the language shown first."""
    fitting = [
        label
        for label in thesaurus.labels_of(iri)
        if fits(label.key, pieces)
        and (search.matched is None or speaks(label.language, search.matched))
    ]
    return min(
        fitting,
        key=lambda label: (
            LABELS.index(label.property),
            not speaks(label.language, search.shown or "*"),
            label.language or "",
            label.text,
        ),
        default=None,
    )


def _hit(thesaurus: Thesaurus, search: Search, label: Label) -> Json:
    thing = thesaurus.concept(label.iri) or thesaurus.collection(label.iri)
    if thing is None:
        raise AssertionError(label.iri)
    said: Json = {"uri": label.iri, "type": [shortened(kind) for kind in thing.types]}
    said |= _fields(thesaurus, search, thing)
    home = f"{VOCAB}{label.scheme}/"
    if search.schemes and label.iri.startswith(home):
        said["localname"] = label.iri[len(home) :]
    wanted = [search.shown] if search.shown else [label.language or "*"]
    if label.language:
        wanted.append(label.language)
    preferred = next((text for one in wanted for text in in_language(thing.labels, one)), None)
    if preferred is not None:
        said |= {"prefLabel": preferred.text, "lang": preferred.language}
    if thing.notation is not None:
        said["notation"] = thing.notation
    if label.property != "prefLabel":
        said |= {label.property: label.text, "lang": label.language}
    elif preferred is None or label.text != preferred.text:
        said |= {"matchedPrefLabel": label.text, "lang": label.language}
    return {**said, "vocab": label.scheme}


def _fields(thesaurus: Thesaurus, search: Search, thing: Concept | Collection) -> Json:
    """Return the further properties that were asked for."""
    said: Json = {}
    row: Mapping[str, tuple[str, ...]] = thesaurus.vocabularies.row(thing.iri) or {}
    for field in search.fields:
        if field == "prefLabel":
            said["prefLabels"] = {text.language or "": text.text for text in thing.labels}
            continue
        values = [_value(thesaurus, term, search.shown) for term in row.get(f"<{SKOS}{field}>", ())]
        if any(value is not None for value in values):
            said[field] = [value for value in values if value is not None]
    return said


def _value(thesaurus: Thesaurus, term: str, language: str | None) -> Json | str | None:
    if is_literal(term):
        text = literal(term)
        if language and text.language and not speaks(text.language, language):
            return None
        return text.text
    said: Json = {"uri": term.strip("<>")}
    other = thesaurus.concept(said["uri"])
    label = label_in(other.labels, language) if other else None
    return said if label is None else {**said, "prefLabel": label}


def fields_of(text: str | None) -> tuple[str, ...]:
    """Return the names of properties in a list with blanks; what is no name is left out."""
    names = (name for name in (text or "").split(" ") if _FIELD.fullmatch(name))
    return tuple(dict.fromkeys(names))


# ---- lookup


def looked_up(results: Iterable[Json], label: str, *, any_language: bool) -> list[Json]:
    """Return the best hits for a whole label: as it is written before in another case, the
    preferred label before another one.

    any_language  whether a preferred label may match in another language than the one shown
    """
    hits = list(results)
    kinds = ["prefLabel", *(["matchedPrefLabel"] if any_language else []), "altLabel"]
    for kind in kinds:
        for same in (str, compared):
            chosen = [hit for hit in hits if kind in hit and same(hit[kind]) == same(label)]
            if chosen:
                return [_as_preferred(hit) for hit in chosen]
    return []


def _as_preferred(hit: Json) -> Json:
    """Return a hit with the label that matched as its preferred one."""
    matched = hit.get("matchedPrefLabel")
    if matched is None:
        return hit
    rest = {name: value for name, value in hit.items() if name != "matchedPrefLabel"}
    return {**rest, "prefLabel": matched}


def lookup_answer(hits: list[Json], language: str | None) -> Json:
    """Return the best hits for a whole label."""
    context: Json = {
        **BASE,
        "onki": _ONKI,
        "results": {"@id": "onki:results"},
        **{name: f"skos:{name}" for name in LABELS},
    }
    if language:
        context["@language"] = language
    return {"@context": context, "result": hits}
