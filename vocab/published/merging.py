"""How a vocabulary takes over a newer issue of its published list and keeps all else it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vocab.published.layout import Facts, Node, Vocabulary, text, typed
from vocab.published.lists import Published

_DEPRECATED = {"owl:deprecated": (typed("true", "boolean"),)}


@dataclass(frozen=True, slots=True)
class Merged:
    """A vocabulary after the merge, and the IRIs of the concepts that were touched."""

    vocabulary: Vocabulary
    added: tuple[str, ...]
    changed: tuple[str, ...]
    dropped: tuple[str, ...]


def merge(vocabulary: Vocabulary, published: Published) -> Merged:
    """Return `vocabulary` with what `published` states, in the order of the notations.

    A term that is new to the list becomes a concept; one that the list has dropped is deprecated,
    never removed. What the list states replaces what it stated before. Labels in use, notes,
    mappings, definitions in an editor's words, and concepts of the editors' own all stay.
    """
    known = {concept.iri: concept for concept in vocabulary.concepts}
    merged = {iri: _merged(concept, published) for iri, concept in known.items()}
    added = {i: _described(t, published) for i, t in published.terms.items() if i not in known}
    concepts = sorted((merged | added).values(), key=lambda concept: concept.words("skos:notation"))
    changed = [iri for iri in known if merged[iri] != known[iri]]
    dropped = [iri for iri in changed if iri not in published.terms]
    return Merged(
        replace(
            vocabulary,
            scheme=_with_top_concepts(vocabulary.scheme, concepts),
            concepts=tuple(concepts),
            collections=tuple(_regrouped(vocabulary, concepts, published)),
        ),
        tuple(added),
        tuple(iri for iri in changed if iri in published.terms),
        tuple(dropped),
    )


def _merged(concept: Node, published: Published) -> Node:
    stated = published.terms.get(concept.iri)
    if stated is None:
        updated = concept.saying(_DEPRECATED) if published.lists(concept) else concept
    else:
        updated = _updated(concept, stated, published)
    # Only a definition that was made out of the statements follows them.
    was_made = concept.words("skos:definition") == (published.describe(concept),)
    return _described(updated, published) if was_made else updated


def _described(concept: Node, published: Published) -> Node:
    return concept.saying({"skos:definition": (text(published.describe(concept)),)})


def _updated(concept: Node, stated: Node, published: Published) -> Node:
    facts: dict[str, tuple[str, ...] | None] = {p: stated.facts.get(p) for p in published.decided}
    for predicate, values in stated.facts.items():
        if predicate in published.gathered:
            facts[predicate] = tuple(dict.fromkeys((*concept.facts.get(predicate, ()), *values)))
        elif predicate not in concept.facts:
            facts[predicate] = values
    return concept.saying({**facts, **_labels(concept, stated)})


def _labels(concept: Node, stated: Node) -> Facts:
    """Return new labels if the list's is none of the concept's; the old one stays beside it."""
    (label,), old = stated.facts["skos:prefLabel"], concept.facts["skos:prefLabel"]
    others = concept.facts.get("skos:altLabel", ())
    if label in (*old, *others):
        return {}
    return {"skos:prefLabel": (label,), "skos:altLabel": (*others, *old)}


def _with_top_concepts(scheme: Node, concepts: Iterable[Node]) -> Node:
    tops = tuple(f"<{c.iri}>" for c in concepts if "skos:broader" not in c.facts)
    return scheme.saying({"skos:hasTopConcept": tops})


def _regrouped(
    vocabulary: Vocabulary, concepts: Iterable[Node], published: Published
) -> Iterable[Node]:
    """Yield the collections; those that the list defines with the members that they have now."""
    members: dict[str, list[str]] = {}
    for concept in concepts:
        for group in published.groups(concept):
            members.setdefault(group, []).append(f"<{concept.iri}>")
    for collection in vocabulary.collections:
        found = members.get(collection.iri.rpartition("/")[2])
        yield collection.saying({"skos:member": tuple(found)}) if found else collection
