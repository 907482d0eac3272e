"""How concepts hang together, in small vocabularies made for it and in those of Sage."""

import time
from collections.abc import Callable

import pytest

from catalog.domain.identifiers import VOCAB
from catalog.domain.schemes import Vocabularies
from catalog.domain.terms.labels import compared, fits, pieces_of, speaks
from catalog.domain.terms.thesaurus import Branch, Mapped, Thesaurus
from catalog.library import library

HEAD = f"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix a: <{VOCAB}animal/> .
@prefix k: <{VOCAB}kind/> .
"""

ANIMALS = f"""{HEAD}
<{VOCAB}animal> a skos:ConceptScheme ; dct:title "Animals"@en ; skos:hasTopConcept a:horse .

a:horse a skos:Concept ; skos:prefLabel "Horse"@en, "Pferd"@de ; skos:altLabel "Équidé"@fr ;
  skos:hiddenLabel "hors"@en ; skos:notation "H" ; skos:broader k:mammal ;
  skos:exactMatch <https://example.org/horse> ; skos:related a:bass .

a:pony a skos:Concept ; skos:prefLabel "Pony"@en-GB ; skos:altLabel "42nd Street horse"@en ;
  skos:broader a:horse ; skos:broadMatch a:bass .

a:bass a skos:Concept ; skos:prefLabel "Bass"@en ; skos:broader k:fish, k:food .

a:dodo a skos:Concept ; skos:prefLabel "Dodo"@en ; owl:deprecated true ; dct:isReplacedBy a:pony ;
  skos:topConceptOf <{VOCAB}animal> .

a:orphan a skos:Concept ; skos:prefLabel "*orphan"@en .

a:pets a skos:Collection ; skos:prefLabel "Pets"@en ; skos:member a:pony, a:small .
a:small a skos:OrderedCollection ; skos:prefLabel "Small"@en ; skos:memberList ( a:bass a:pony ) .
"""

KINDS = f"""{HEAD}
<{VOCAB}kind> a skos:ConceptScheme ; dct:title "Kinds"@en .

k:thing a skos:Concept ; skos:prefLabel "Thing"@en ; skos:narrower k:mammal, k:fish, k:empty .
k:mammal a skos:Concept ; skos:prefLabel "Mammal"@en .
k:fish a skos:Concept ; skos:prefLabel "Fish"@en ; skos:broader k:thing, k:gone .
k:food a skos:Concept ; skos:prefLabel "Food"@en .
k:empty a skos:Concept ; skos:prefLabel "Empty"@en .
"""

CIRCLE = f"""{HEAD.replace("/kind/", "/circle/")}
<{VOCAB}circle> a skos:ConceptScheme .
k:one a skos:Concept ; skos:prefLabel "One"@en ; skos:broader k:two, k:one .
k:two a skos:Concept ; skos:prefLabel "Two"@en ; skos:broader k:three .
k:three a skos:Concept ; skos:prefLabel "Three"@en ; skos:broader k:one .
"""


@pytest.fixture(scope="module")
def small() -> Thesaurus:
    files = {"animal": ANIMALS, "kind": KINDS, "circle": CIRCLE}
    return Thesaurus(Vocabularies({name: text.encode() for name, text in files.items()}))


def a(name: str) -> str:
    return f"{VOCAB}animal/{name}"


def k(name: str) -> str:
    return f"{VOCAB}kind/{name}"


def drawn(branches: tuple[Branch, ...]) -> list[object]:
    """Return branches as nested lists of local names, what stands there again with a dash."""
    return [
        [("-" if one.is_again else "") + one.iri.rpartition("/")[2], *drawn(one.below)]
        for one in branches
    ]


# ---- relations from both ends


def test_what_is_stated_in_one_direction_is_known_in_both(small: Thesaurus) -> None:
    assert small.broader(k("mammal")) == (k("thing"),)
    assert small.narrower(k("mammal")) == (a("horse"),)
    assert small.related(a("bass")) == (a("horse"),)


def test_what_no_file_describes_is_in_no_tree(small: Thesaurus) -> None:
    assert small.broader(k("fish")) == (k("thing"),)
    assert small.broader(k("gone")) == ()


def test_closures_cross_schemes_and_leave_the_concept_itself_out(small: Thesaurus) -> None:
    assert small.broader_transitive(a("pony")) == (a("horse"), k("mammal"), k("thing"))
    assert small.narrower_transitive(k("mammal")) == (a("horse"), a("pony"))
    assert small.narrower_transitive(k("thing"), most=2) == (k("mammal"), k("fish"))
    assert small.narrower_transitive(k("thing"), most=0) == ()


def test_a_circle_ends_where_it_began(small: Thesaurus) -> None:
    one, two, three = (f"{VOCAB}circle/{name}" for name in ("one", "two", "three"))
    assert small.broader_transitive(one) == (two, three)
    assert small.paths(one)
    assert drawn(small.tree("circle")) == [["three", ["two", ["one", ["-three"]]]]]


def test_a_concept_has_a_way_from_every_top(small: Thesaurus) -> None:
    assert small.paths(a("bass")) == (
        (k("thing"), k("fish"), a("bass")),
        (k("food"), a("bass")),
    )


def test_ways_are_cut_where_there_are_too_many() -> None:
    levels = "\n".join(
        f'k:l{level}n{n} a skos:Concept ; skos:prefLabel "x"@en ; '
        f"skos:broader k:l{level + 1}n0, k:l{level + 1}n1, k:l{level + 1}n2 ."
        for level in range(30)
        for n in range(3)
    )
    ends = "".join(f'k:l30n{n} a skos:Concept ; skos:prefLabel "x"@en .\n' for n in range(3))
    wide = Thesaurus(Vocabularies({"kind": f"{HEAD}{levels}\n{ends}".encode()}))
    assert len(wide.paths(k("l0n0"), most=7)) == 7
    assert len(wide.broader_transitive(k("l0n0"))) == 90


def test_mappings_are_seen_from_both_ends(small: Thesaurus) -> None:
    assert small.mappings(a("horse")) == (Mapped("exactMatch", "https://example.org/horse", True),)
    assert small.mappings(a("bass")) == (Mapped("narrowMatch", a("pony"), False),)
    assert small.mappings("https://example.org/horse") == (Mapped("exactMatch", a("horse"), False),)


def test_a_replacement_knows_what_it_replaces(small: Thesaurus) -> None:
    assert small.replaces(a("pony")) == (a("dodo"),)


# ---- trees


def test_the_tree_of_a_scheme_has_the_parents_that_other_schemes_lend(small: Thesaurus) -> None:
    assert drawn(small.tree("animal")) == [
        ["thing", ["mammal", ["horse", ["pony"]]], ["fish", ["bass"]]],
        ["food", ["-bass"]],
        ["dodo"],
        ["orphan"],
    ]


def test_children_are_all_or_those_that_lead_to_a_scheme(small: Thesaurus) -> None:
    assert small.children(k("thing")) == (k("mammal"), k("fish"), k("empty"))
    assert small.children(k("thing"), within="animal") == (k("mammal"), k("fish"))


def test_top_concepts_are_those_stated_from_either_side_else_those_on_top(
    small: Thesaurus,
) -> None:
    assert small.top_concepts("animal") == (a("horse"), a("dodo"))
    assert small.tops_of(a("horse")) == (f"{VOCAB}animal",)
    assert small.top_concepts("kind") == (k("thing"), k("food"))
    assert small.top_concepts("nothing") == ()


def test_a_concept_belongs_where_one_meets_it_walking_up_and_down(small: Thesaurus) -> None:
    assert small.belongs(k("thing"), "animal")
    assert small.belongs(a("pony"), "kind")
    assert not small.belongs(k("thing"), "circle")
    assert not small.belongs(k("thing"), "nothing")


def test_a_tree_may_be_deeper_than_pythons_stack() -> None:
    rows = "".join(
        f'k:n{n} a skos:Concept ; skos:prefLabel "n{n}"@en ; skos:broader k:n{n + 1} .\n'
        for n in range(5_000)
    )
    deep = Thesaurus(Vocabularies({"kind": f"{HEAD}{rows}k:n5000 a skos:Concept .".encode()}))
    branch, depth = deep.tree("kind")[0], 0
    while branch.below:
        branch, depth = branch.below[0], depth + 1
    assert depth == 5_000


# ---- groups


def test_groups_have_members_in_their_order_and_in_each_other(small: Thesaurus) -> None:
    pets, little = small.groups("animal")
    assert pets.members == (a("pony"), a("small"))
    assert little.members == (a("bass"), a("pony"))
    assert small.groups_of(a("pony")) == (a("pets"),)


# ---- the alphabet


def test_letters_are_capitals_then_signs_then_digits(small: Thesaurus) -> None:
    assert small.letters("animal") == ("B", "H", "P", "!*")
    assert small.letters("animal", "de") == ("P",)
    assert small.letters("animal", "xx") == ()


def test_the_index_has_other_labels_too_and_nothing_deprecated(small: Thesaurus) -> None:
    found = [(entry.text, entry.label) for entry in small.index("animal", "*")]
    assert found == [
        ("*orphan", "*orphan"),
        ("42nd Street horse", "Pony"),
        ("Bass", "Bass"),
        ("Horse", "Horse"),
        ("Pony", "Pony"),
    ]
    assert [entry.text for entry in small.index("animal", "0-9")] == ["42nd Street horse"]
    assert [entry.text for entry in small.index("animal", "!*")] == ["*orphan"]
    assert [entry.text for entry in small.index("animal", "h")] == ["Horse"]
    assert small.index("animal", "") == small.index("animal", "z") == ()


def test_asking_for_many_languages_keeps_no_more_than_there_are(small: Thesaurus) -> None:
    for number in range(100):
        small.letters("animal", f"x-{number}")
    assert len(small._indexes) < 10


# ---- labels


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("horse", {"Horse"}),
        ("HORSE", {"Horse"}),
        ("hor", set()),
        ("hor*", {"Horse", "hors"}),
        ("*orse", {"Horse", "42nd Street horse"}),
        ("*or*", {"Horse", "hors", "42nd Street horse", "*orphan"}),
        ("4*s*horse", {"42nd Street horse"}),
        ("h*o*r*s*e", {"Horse"}),
        ("s*s", set()),
        ("**ba**", {"Bass"}),
        ("équidé", {"Équidé"}),
        ("e\u0301QUIDE\u0301", {"Équidé"}),
        ("Pets", {"Pets"}),
        ("", set()),
    ],
)
def test_a_pattern_matches_whole_labels(small: Thesaurus, pattern: str, found: set[str]) -> None:
    labels = [label.text for label in small.labelled(pattern, schemes=["animal"])]
    assert set(labels) == found
    assert len(labels) == len(found)


def test_every_pattern_finds_what_looking_at_each_label_finds() -> None:
    thesaurus = library().thesaurus
    every = list(thesaurus.labelled("*"))
    assert every == sorted(every, key=lambda one: (one.key, one.language or "", one.iri))
    for pattern in ("temp*", "*sensor", "*e*r*", "a", "*", "bme680", "*-*", "%*", "env.*.*", "*l*"):
        wanted = [label for label in every if fits(label.key, pieces_of(pattern))]
        assert list(thesaurus.labelled(pattern)) == wanted, pattern


def test_labels_of_several_schemes_come_in_one_order(small: Thesaurus) -> None:
    texts = [label.text for label in small.labelled("*", schemes=["kind", "animal", "kind"])]
    assert texts == sorted(texts, key=compared)
    assert texts.count("Fish") == 1


def test_a_language_means_its_regions_too(small: Thesaurus) -> None:
    assert [one.text for one in small.labelled("p*", language="en")] == ["Pets", "Pony"]
    assert [one.text for one in small.labelled("p*", language="de")] == ["Pferd"]
    assert speaks("EN-us", "en")
    assert not speaks("eng", "en")


# ---- counts


def test_a_scheme_counts_what_is_in_it(small: Thesaurus) -> None:
    counted = small.statistics("animal")
    assert (counted.concepts, counted.top_concepts, counted.deprecated) == (5, 2, 1)
    assert (counted.collections, counted.mapped) == (2, 3)
    assert counted.labels["en"] == {"prefLabel": 4, "altLabel": 1, "hiddenLabel": 1}
    assert small.languages("animal") == ("de", "en", "en-gb", "fr")
    assert small.statistics("nothing").concepts == 0


def test_files_are_parsed_only_when_something_needs_them() -> None:
    files = {"animal": ANIMALS.encode(), "kind": b"this is no Turtle"}
    thesaurus = Thesaurus(Vocabularies(files))
    assert thesaurus.top_concepts("animal")
    assert thesaurus.letters("animal")
    assert list(thesaurus.labelled("ho*", schemes=["animal"]))
    with pytest.raises(SyntaxError):
        thesaurus.narrower(a("horse"))


# ---- Sage's own


def test_every_relation_of_the_vocabularies_is_known_from_both_ends() -> None:
    thesaurus = library().thesaurus
    for scheme in library().vocabularies.schemes():
        for iri in scheme.concepts:
            concept = thesaurus.concept(iri)
            assert concept
            assert set(concept.broader) <= set(thesaurus.broader(iri))
            assert all(iri in thesaurus.narrower(one) for one in thesaurus.broader(iri))
            assert all(iri in thesaurus.broader(one) for one in thesaurus.narrower(iri))


def test_every_concept_stands_in_the_tree_of_its_scheme() -> None:
    thesaurus = library().thesaurus

    def within(branches: tuple[Branch, ...]) -> set[str]:
        return {one.iri for one in branches}.union(*(within(one.below) for one in branches))

    for scheme in library().vocabularies.schemes():
        assert within(thesaurus.tree(scheme.name)) >= set(scheme.concepts), scheme.name


# ---- speed


@pytest.fixture(scope="module")
def large() -> Thesaurus:
    """Return 20,000 concepts in four schemes, each under another, with two labels."""
    files = {}
    for scheme in ("s0", "s1", "s2", "s3"):
        rows = (
            f'n:{n} a skos:Concept ; skos:prefLabel "Quantity {n} of {scheme}"@en ; '
            f'skos:altLabel "{scheme}.q{n}"@en ; skos:notation "{n}"'
            + (f" ; skos:broader n:{(n - 1) // 8}" if n else "")
            + " ."
            for n in range(5_000)
        )
        files[scheme] = (
            f"{HEAD}@prefix n: <{VOCAB}{scheme}/> .\n"
            f"<{VOCAB}{scheme}> a skos:ConceptScheme ; skos:hasTopConcept n:0 .\n" + "\n".join(rows)
        ).encode()
    made = Thesaurus(Vocabularies(files))
    made.warm()
    return made


@pytest.mark.parametrize(
    "ask",
    [
        lambda it: it.broader_transitive(f"{VOCAB}s1/4999"),
        lambda it: it.narrower_transitive(f"{VOCAB}s1/0", 1_000),
        lambda it: it.paths(f"{VOCAB}s1/4999"),
        lambda it: it.tree("s1"),
        lambda it: it.index("s1", "Q"),
        lambda it: it.letters("s1"),
        lambda it: it.mappings(f"{VOCAB}s1/7"),
        lambda it: it.statistics("s1"),
        lambda it: it.belongs(f"{VOCAB}s1/7", "s1"),
        lambda it: [next(it.labelled("*ity 77*"), None), *it.labelled("s1.q4321")],
        lambda it: list(it.labelled("*tity*4999*")),
        lambda it: list(it.labelled("no such label")),
    ],
)
def test_answers_about_20_000_concepts_come_from_memory(
    large: Thesaurus, ask: Callable[[Thesaurus], object]
) -> None:
    ask(large)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        ask(large)
        times.append(time.perf_counter() - began)
    assert sorted(times)[10] < 0.05
