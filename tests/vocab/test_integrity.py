"""What SKOS and the house ask of every concept scheme."""

from collections import Counter

import pyoxigraph as ox

import shapes
from tests.vocab.reading import DCT, SAGE, SKOS, VOCAB, Vocabulary, english, iris, vocabularies

PUBLISHED = (
    "http://purl.org/coar/access_right/",
    "http://qudt.org/vocab/unit/",
    "https://spdx.org/licenses/",
    "https://www.iana.org/assignments/media-types/",
)
LABELS = ("prefLabel", "altLabel", "hiddenLabel")
MAPPINGS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")


def test_a_file_holds_one_scheme_named_like_the_file(scheme: Vocabulary) -> None:
    assert scheme.of_type(SKOS + "ConceptScheme") == [scheme.iri]


def test_a_file_says_nothing_about_anything_but_its_scheme_and_concepts(
    scheme: Vocabulary,
) -> None:
    assert set(scheme.facts) == {scheme.iri, *scheme.concepts}


def test_a_scheme_has_title_description_licence_and_source(scheme: Vocabulary) -> None:
    assert len(english(scheme.values(scheme.iri, DCT + "title"))) == 1
    assert len(english(scheme.values(scheme.iri, DCT + "description"))) == 1
    assert len(iris(scheme.values(scheme.iri, DCT + "license"))) == 1
    assert scheme.values(scheme.iri, DCT + "source")


def test_concepts_are_ours_or_keep_their_publishers_iri(scheme: Vocabulary) -> None:
    allowed = (scheme.iri + "/", *PUBLISHED)
    assert [c for c in scheme.concepts if not c.startswith(allowed)] == []


def test_every_concept_has_one_label_one_definition_a_notation_and_a_source(
    scheme: Vocabulary,
) -> None:
    for concept in scheme.concepts:
        assert len(scheme.values(concept, SKOS + "prefLabel")) == 1, concept
        assert len(scheme.values(concept, SKOS + "definition")) == 1, concept
        assert len(scheme.values(concept, SKOS + "notation")) == 1, concept
        assert scheme.values(concept, DCT + "source"), concept
        assert iris(scheme.values(concept, SKOS + "inScheme")) == [scheme.iri], concept


def test_a_definition_says_more_than_the_label(scheme: Vocabulary) -> None:
    for concept in scheme.concepts:
        (definition,) = english(scheme.values(concept, SKOS + "definition"))
        for label in english(scheme.values(concept, SKOS + "prefLabel")):
            assert definition.strip(" .").casefold() != label.strip(" .").casefold(), concept
        assert len(definition) >= 10, concept
        assert definition.endswith((".", ")", "”")), concept


def test_words_carry_a_language_are_not_empty_and_stand_on_one_line(scheme: Vocabulary) -> None:
    words = [SKOS + name for name in (*LABELS, "definition", "scopeNote", "editorialNote")]
    for concept in scheme.concepts:
        for predicate in words:
            for value in scheme.values(concept, predicate):
                assert isinstance(value, ox.Literal), concept
                assert value.language == "en", concept
                assert value.value.strip() == value.value != "", concept
                assert value.value.isprintable(), concept


def test_labels_of_one_concept_are_disjoint(scheme: Vocabulary) -> None:
    for concept in scheme.concepts:
        labels = [v.value for n in LABELS for v in scheme.values(concept, SKOS + n)]
        assert len(labels) == len(set(labels)), concept


def test_no_two_concepts_of_a_scheme_share_a_preferred_label(scheme: Vocabulary) -> None:
    found = Counter(v.value for c in scheme.concepts for v in scheme.values(c, SKOS + "prefLabel"))
    assert [label for label, n in found.items() if n > 1] == []


def test_no_two_concepts_of_a_scheme_share_a_notation(scheme: Vocabulary) -> None:
    found = Counter(v.value for c in scheme.concepts for v in scheme.values(c, SKOS + "notation"))
    assert [notation for notation, n in found.items() if n > 1] == []


def test_top_concepts_are_those_without_a_parent_in_the_scheme(scheme: Vocabulary) -> None:
    own = set(scheme.concepts)
    stated = iris(scheme.values(scheme.iri, SKOS + "hasTopConcept"))
    without_parent = [
        c for c in scheme.concepts if not own & set(iris(scheme.values(c, SKOS + "broader")))
    ]
    assert sorted(stated) == sorted(without_parent)
    assert stated


def test_the_hierarchy_is_told_from_both_ends(all_schemes: tuple[Vocabulary, ...]) -> None:
    up = _pairs(all_schemes, "broader")
    down = {(child, parent) for parent, child in _pairs(all_schemes, "narrower")}
    assert up ^ down == set()


def test_the_hierarchy_has_no_cycle(all_schemes: tuple[Vocabulary, ...]) -> None:
    parents: dict[str, set[str]] = {}
    for child, parent in _pairs(all_schemes, "broader"):
        parents.setdefault(child, set()).add(parent)
    for concept in parents:
        seen: set[str] = set()
        waiting = set(parents[concept])
        while waiting:
            above = waiting.pop()
            seen.add(above)
            waiting |= parents.get(above, set()) - seen
        assert concept not in seen, concept


def test_related_concepts_are_told_from_both_ends(all_schemes: tuple[Vocabulary, ...]) -> None:
    related = _pairs(all_schemes, "related")
    assert related == {(b, a) for a, b in related}
    assert related & _pairs(all_schemes, "broader") == set()


def test_links_among_concepts_of_ours_lead_somewhere(all_schemes: tuple[Vocabulary, ...]) -> None:
    known = {c for s in all_schemes for c in s.concepts} | {s.iri for s in all_schemes}
    dangling = {
        (subject, target)
        for s in all_schemes
        for subject, facts in s.facts.items()
        for values in facts.values()
        for target in iris(values)
        if target.startswith((VOCAB, *PUBLISHED))
        and target not in known
        # The page of a licence or a media type is a source, not a concept.
        and target not in iris(facts.get(DCT + "source", []))
    }
    assert dangling == set()


def test_no_concept_is_mapped_to_itself_or_twice_to_one_other(scheme: Vocabulary) -> None:
    for concept in scheme.concepts:
        mapped = [t for m in MAPPINGS for t in iris(scheme.values(concept, SKOS + m))]
        assert concept not in mapped
        assert len(mapped) == len(set(mapped)), concept


def test_mappings_are_among_the_known_concept_schemes_or_outside(
    all_schemes: tuple[Vocabulary, ...],
) -> None:
    for s in all_schemes:
        for concept in s.concepts:
            for m in MAPPINGS:
                for target in iris(s.values(concept, SKOS + m)):
                    assert not target.startswith(s.iri + "/"), (concept, "use related instead")


def test_every_property_of_ours_is_declared_beside_the_shapes() -> None:
    declared = {
        t.subject.value
        for file in shapes.files()
        if file.name.startswith("ns")
        for t in ox.parse(file.read_bytes(), format=ox.RdfFormat.TURTLE)
        if isinstance(t.subject, ox.NamedNode) and t.predicate.value.endswith("#label")
    }
    used = {p for s in vocabularies() for facts in s.facts.values() for p in facts}
    assert {p for p in used if p.startswith(SAGE)} - declared == set()


def _pairs(schemes: tuple[Vocabulary, ...], name: str) -> set[tuple[str, str]]:
    return {
        (concept, target)
        for s in schemes
        for concept in s.concepts
        for target in iris(s.values(concept, SKOS + name))
    }
