"""Every term that Sage's own systems record has its concept, whatever else the files say."""

import json
import re

import pytest

from tests.vocab.reading import SHARED, SKOS, VOCAB, Vocabulary, iris, vocabularies
from vocab.published.layout import concept_id

Term = dict[str, str]
TERMS = SHARED / "sage/terms.json"
PARENTS_ELSEWHERE = {
    "measurement": "measurement-group",
    "legacy-measurement": "legacy-ontology",
    "legacy-sensor": "legacy-subsystem",
}


@pytest.fixture(scope="module")
def terms() -> dict[str, list[Term]]:
    """The recorded terms by the name of their scheme here."""
    if not TERMS.exists():
        pytest.skip("Sage's list of terms is not beside the repository")
    found: dict[str, list[Term]] = json.loads(TERMS.read_text())
    return {_scheme(key): values for key, values in found.items()}


@pytest.fixture(scope="module")
def schemes() -> dict[str, Vocabulary]:
    return {s.name: s for s in vocabularies()}


def test_every_recorded_term_has_its_concept_with_its_exact_notation(
    terms: dict[str, list[Term]], schemes: dict[str, Vocabulary]
) -> None:
    for name, found in terms.items():
        for term in found:
            notation = schemes[name].values(_iri(name, term["id"]), SKOS + "notation")
            assert [n.value for n in notation] == [term["id"]], (name, term["id"])


def test_every_recorded_label_is_still_found(
    terms: dict[str, list[Term]], schemes: dict[str, Vocabulary]
) -> None:
    for name, found in terms.items():
        for term in found:
            labels = {
                v.value.casefold()
                for kind in ("prefLabel", "altLabel", "notation")
                for v in schemes[name].values(_iri(name, term["id"]), SKOS + kind)
            }
            said = {term["label"], *term.get("altLabel", [])} - {"", "____"}
            shown = " ".join(labels)
            assert [s for s in said if s.casefold() not in shown] == [], (name, term["id"])


def test_a_definition_that_no_source_states_says_who_made_it(
    terms: dict[str, list[Term]], schemes: dict[str, Vocabulary]
) -> None:
    for name, found in terms.items():
        for term in found:
            if not term["definition"]:
                notes = schemes[name].values(_iri(name, term["id"]), SKOS + "editorialNote")
                assert any("ditors" in n.value or "Composed" in n.value for n in notes), term["id"]


def test_no_two_terms_of_a_scheme_get_one_id(terms: dict[str, list[Term]]) -> None:
    for found in terms.values():
        assert len({concept_id(t["id"]) for t in found}) == len(found)


def test_every_recorded_parent_is_a_concept_and_the_parent(
    terms: dict[str, list[Term]], schemes: dict[str, Vocabulary]
) -> None:
    for name, found in terms.items():
        for term in found:
            if "broader" in term:
                parents = iris(schemes[name].values(_iri(name, term["id"]), SKOS + "broader"))
                parent = _iri(PARENTS_ELSEWHERE.get(name, name), term["broader"])
                assert parents == [parent], term["id"]


def test_every_recorded_sensor_stands_under_its_recorded_capabilities(
    terms: dict[str, list[Term]], schemes: dict[str, Vocabulary]
) -> None:
    ids = {word.casefold(): t["id"] for t in terms["capability"] for word in (t["id"], t["label"])}
    for term in terms["sensor"]:
        expected = {_iri("capability", ids[c.casefold()]) for c in term.get("capabilities", ())}
        parents = iris(schemes["sensor"].values(_iri("sensor", term["id"]), SKOS + "broader"))
        assert expected <= set(parents), term["id"]


def _scheme(key: str) -> str:
    """Return the scheme that holds the terms of a key: `scienceField` is `science-field`."""
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", key).lower()
    return "item-type" if kebab == "object-type" else kebab


def _iri(scheme: str, notation: str) -> str:
    return f"{VOCAB}{scheme}/{concept_id(notation)}"
