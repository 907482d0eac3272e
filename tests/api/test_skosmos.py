"""Skosmos' REST API: what a client of it asks is answered as there, from our vocabularies."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib
import requests
import skosmos_client
from rdflib.namespace import RDF, SKOS

from api.app import create_app
from catalog.domain.identifiers import VOCAB
from catalog.library import Library, library
from tests.api.served import Served, served
from tests.api.sites import Caller, Site, problem

TASKS = "ml-task"
DETECTION = f"{VOCAB}ml-task/object-detection"
VISION = f"{VOCAB}ml-task/computer-vision"
LEGACY = f"{VOCAB}legacy-sensor/metsense.bmp180"

PETS = f"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix pet: <{VOCAB}pet/> .

<{VOCAB}pet> a skos:ConceptScheme ; dct:title "Pets"@en, "Haustiere"@de .

pet:dog a skos:Concept ; skos:prefLabel "Dog"@en, "Hund"@de ; skos:altLabel "Hound"@en ;
  skos:hiddenLabel "dgo"@en ; skos:notation "D" ; skos:narrower pet:poodle ;
  dct:created "2024-03-01"^^xsd:date ; dct:modified "2025-01-02T03:04:05+01:00"^^xsd:dateTime ;
  skos:exactMatch <https://example.org/dog> ; skos:inScheme <{VOCAB}pet> .
pet:poodle a skos:Concept ; skos:prefLabel "Poodle"@en, "Pudel"@de ; skos:altLabel "dog with curls"@en ;
  skos:broader pet:dog ; dct:created "2025-06-01"^^xsd:date ; dct:modified "no date" .
pet:cur a skos:Concept ; skos:prefLabel "Cur"@en ; owl:deprecated true ;
  dct:isReplacedBy pet:dog ; dct:modified "2025-02-02"^^xsd:date .
pet:cat a skos:Concept ; skos:prefLabel "Cat"@en, "Katze"@de ; skos:related pet:dog .
pet:furry a skos:Collection ; skos:prefLabel "Furry pets"@en ; skos:member pet:cat, pet:dogs, pet:cur .
pet:dogs a skos:Collection ; skos:prefLabel "Dogs"@en ; skos:notation "DD" ; skos:member pet:poodle .
"""  # noqa: E501


def pet(name: str) -> str:
    return f"{VOCAB}pet/{name}"


class Asking:
    """Somebody who asks below `/rest/v1`."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def __call__(self, path: str, **parameters: str) -> Any:
        answer = self.caller.get(f"/rest/v1/{path}?{urlencode(parameters)}")
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        return answer.get_json()

    def refused(self, status: int, slug: str, path: str, **parameters: str) -> str:
        answer = self.caller.get(f"/rest/v1/{path}?{urlencode(parameters)}")
        return str(problem(answer, status, slug)["detail"])


@pytest.fixture(scope="module")
def ask(site: Site) -> Asking:
    return Asking(site.anyone)


@pytest.fixture(scope="module")
def pets(site: Site) -> Asking:
    """Return who asks a catalog that has one small vocabulary."""
    shapes = {
        name.removeprefix("shapes/"): text
        for name, text in library().files.items()
        if name.startswith("shapes/")
    }
    made = replace(site.parts, library=Library({"pet": PETS.encode()}, shapes))
    return Asking(Caller(create_app(made)))


# ---- an unchanged client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("skosmos") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Served) -> skosmos_client.SkosmosClient:
    return skosmos_client.SkosmosClient(f"{server.url}/rest/v1/")


def graph_of(scheme: str) -> rdflib.Graph:
    """Return a vocabulary as another RDF library reads its file."""
    return rdflib.Graph().parse(data=library().vocabularies.file(scheme), format="turtle")


def test_the_client_lists_the_vocabularies(client: skosmos_client.SkosmosClient) -> None:
    listed = {one["id"]: one["title"] for one in client.vocabularies("en")}
    assert listed == {one.name: one.title for one in library().vocabularies.schemes()}


def test_the_client_reads_a_vocabulary(client: skosmos_client.SkosmosClient) -> None:
    said = client.get_vocabulary(TASKS, lang="en")
    assert said["id"] == TASKS
    assert said["defaultLanguage"] == "en"
    assert [one["uri"] for one in said["conceptschemes"]] == [VOCAB + TASKS]
    with pytest.raises(ValueError, match="no vocabulary"):
        client.get_vocabulary("nothing")


def test_the_client_searches(client: skosmos_client.SkosmosClient) -> None:
    hits = client.search("object*", lang="en", vocabs=TASKS, unique=True)
    wanted = {
        str(subject)
        for kind in (SKOS.prefLabel, SKOS.altLabel)
        for subject, label in graph_of(TASKS).subject_objects(kind)
        if label.lower().startswith("object")
    }
    assert {hit["uri"] for hit in hits} == wanted
    assert len(hits) == len(wanted) > 2
    assert client.search("object*", vocabs=[TASKS, "coco-class"], maxhits=1, offset=1)
    below = client.search("*", parent=VISION, maxhits=1000)
    assert DETECTION in {hit["uri"] for hit in below}
    assert client.search("no such label anywhere") == []


class _Graph(rdflib.Graph):
    """A graph that takes what it reads for RDF/XML, as the rdflib did that the client was made for.

    The client asks for RDF/XML and names no form to the parser, and rdflib 6 and newer then read
    Turtle: with them its `data` fails against every server.
    """

    def parse(self, *, data: bytes) -> rdflib.Graph:  # type: ignore[override]
        return super().parse(data=data, format="xml")


def test_the_client_reads_data_as_a_graph(
    client: skosmos_client.SkosmosClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {row for row in graph_of(TASKS) if row[0] == rdflib.URIRef(DETECTION)}
    monkeypatch.setattr("skosmos_client.rdflib.Graph", _Graph)
    for graph in (client.data(DETECTION), client.data(DETECTION, vocid=TASKS)):
        assert wanted <= set(graph)
        assert (rdflib.URIRef(VISION), SKOS.narrower, rdflib.URIRef(DETECTION)) in graph


def test_the_client_lists_types(client: skosmos_client.SkosmosClient) -> None:
    assert str(SKOS.Concept) in {one["uri"] for one in client.types("en")}
    assert {"uri": str(SKOS.Concept), "label": "Concept"} in client.types("en", vocid=TASKS)


def test_the_client_lists_top_concepts(client: skosmos_client.SkosmosClient) -> None:
    tops = client.top_concepts(TASKS, lang="en")
    wanted = graph_of(TASKS).objects(rdflib.URIRef(VOCAB + TASKS), SKOS.hasTopConcept)
    assert {one["uri"] for one in tops} == set(map(str, wanted))
    assert {one["topConceptOf"] for one in tops} == {VOCAB + TASKS}
    assert client.top_concepts(TASKS, scheme=VOCAB + TASKS) == tops
    with pytest.raises(ValueError, match="no vocabulary"):
        client.top_concepts("nothing")


def test_the_client_looks_up_a_label(client: skosmos_client.SkosmosClient) -> None:
    assert [hit["uri"] for hit in client.lookup(TASKS, "OBJECT detection")] == [DETECTION]
    with pytest.raises(ValueError, match="no label"):
        client.lookup(TASKS, "no such label", lang="en")


def test_the_client_lists_groups(client: skosmos_client.SkosmosClient) -> None:
    for scheme in (TASKS, "measurement"):
        wanted = graph_of(scheme).subjects(RDF.type, SKOS.Collection)
        assert {one["uri"] for one in client.groups(scheme)} == set(map(str, wanted))
    with pytest.raises(ValueError, match="no vocabulary"):
        client.groups("nothing")


def test_the_client_walks_from_a_concept(client: skosmos_client.SkosmosClient) -> None:
    concept = client.get_concept(TASKS, DETECTION)
    graph, node = graph_of(TASKS), rdflib.URIRef(DETECTION)
    assert concept.label("en") == str(graph.value(node, SKOS.prefLabel))
    for relation, found in (
        (SKOS.broader, concept.broader("en")),
        (SKOS.narrower, concept.narrower("en")),
        (SKOS.related, concept.related("en")),
    ):
        assert {one["uri"] for one in found} == set(map(str, graph.objects(node, relation)))
    above = {str(one) for one in graph.transitive_objects(node, SKOS.broader)}
    assert concept.broaderTransitive("en").keys() == above
    below = {str(one) for one in graph.transitive_objects(node, SKOS.narrower)}
    assert concept.narrowerTransitive("en").keys() == below
    assert concept.narrowerTransitive(limit=1).keys() == {DETECTION}


def test_the_client_walks_into_another_scheme(client: skosmos_client.SkosmosClient) -> None:
    above = client.get_concept("legacy-sensor", LEGACY).broaderTransitive("en")
    others = [iri for iri in above if not iri.startswith(f"{VOCAB}legacy-sensor/")]
    assert others
    assert client.get_concept("legacy-sensor", others[0]).narrower("en")


def test_the_client_hears_of_an_unknown_concept(client: skosmos_client.SkosmosClient) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        client.get_concept(TASKS, f"{VOCAB}ml-task/nothing").label()
    assert refused.value.response.status_code == 404


# ---- answers, member by member


def test_vocabularies_have_titles_in_the_language(pets: Asking) -> None:
    said = pets("vocabularies", lang="de")
    assert said["vocabularies"] == [{"uri": "pet", "id": "pet", "title": "Haustiere"}]
    assert said["@context"]["title"] == {"@id": "rdfs:label", "@language": "de"}
    assert said["@context"]["@base"].endswith("/rest/v1/vocabularies")


def test_a_search_says_which_label_matched(pets: Asking) -> None:
    assert pets("search", query="d*", lang="en")["results"] == [
        {"uri": pet("dog"), "type": ["skos:Concept"], "prefLabel": "Dog", "lang": "en",
         "notation": "D", "hiddenLabel": "dgo", "vocab": "pet"},
        {"uri": pet("dog"), "type": ["skos:Concept"], "prefLabel": "Dog", "lang": "en",
         "notation": "D", "vocab": "pet"},
        {"uri": pet("poodle"), "type": ["skos:Concept"], "prefLabel": "Poodle", "lang": "en",
         "altLabel": "dog with curls", "vocab": "pet"},
    ]  # fmt: skip


def test_a_search_may_show_another_language_than_it_matches(pets: Asking) -> None:
    (hit,) = pets("search", query="hund", labellang="en")["results"]
    assert (hit["prefLabel"], hit["matchedPrefLabel"], hit["lang"]) == ("Dog", "Hund", "de")
    assert pets("search", query="hund", lang="en")["results"] == []
    (hit,) = pets("search", query="hund", lang="de", labellang="fr")["results"]
    assert (hit["prefLabel"], hit["lang"]) == ("Hund", "de")


def test_a_unique_search_has_each_concept_once(pets: Asking) -> None:
    hits = pets("search", query="d*", lang="en", unique="true")["results"]
    assert [(hit["uri"], hit.get("altLabel")) for hit in hits] == [
        (pet("dog"), None),
        (pet("poodle"), "dog with curls"),
    ]
    assert len(pets("search", query="d*", lang="en", unique="False")["results"]) == 3


def test_a_search_leaves_out_what_is_deprecated(pets: Asking) -> None:
    assert pets("search", query="cur")["results"] == []


def test_a_search_is_narrowed(pets: Asking) -> None:
    def found(**parameters: str) -> list[str]:
        hits = pets("search", lang="en", **parameters)["results"]
        return [hit["uri"].rpartition("/")[2] for hit in hits]

    assert found(query="*") == []
    assert found(query="*", parent=pet("dog")) == ["poodle"]
    assert found(parent=pet("dog")) == ["poodle"]
    assert found(group=pet("furry")) == ["cat"]
    assert found(group=pet("nothing")) == []
    assert found(query="*o*", type="skos:Collection") == ["dogs"]
    assert found(query="dog*", vocab="pet") == ["dog", "poodle", "dogs"]
    assert found(query="dog*", vocab="pet", type="skos:Concept") == ["dog", "poodle"]
    assert found(query="dog*", type="skos:Concept skos:Collection", maxhits="1", offset="1") == [
        "poodle"
    ]
    assert found(query="dog", type="nobody:Knows") == []


def test_a_search_shows_further_properties(pets: Asking) -> None:
    said = pets("search", query="poodle", lang="en", fields="broader prefLabel notation; x")
    (hit,) = said["results"]
    assert hit["broader"] == [{"uri": pet("dog"), "prefLabel": "Dog"}]
    assert hit["prefLabels"] == {"en": "Poodle", "de": "Pudel"}
    assert said["@context"]["broader"] == "skos:broader"
    assert said["@context"]["prefLabels"]["@container"] == "@language"


def test_a_search_in_one_vocabulary_has_local_names(pets: Asking) -> None:
    (hit,) = pets("pet/search", query="poodle")["results"]
    assert hit["localname"] == "poodle"


def test_lookup_prefers_the_preferred_label_as_it_is_written(pets: Asking) -> None:
    def found(**parameters: str) -> list[tuple[str, str]]:
        hits = pets("pet/lookup", **parameters)["result"]
        return [(hit["uri"].rpartition("/")[2], hit["prefLabel"]) for hit in hits]

    assert found(label="dog") == [("dog", "Dog")]
    assert found(label="Hound") == [("dog", "Dog")]
    assert found(label="katze") == [("cat", "Katze")]
    pets.refused(404, "not-found", "pet/lookup", label="katze", lang="en")
    pets.refused(404, "not-found", "pet/lookup", label="do*")
    pets.refused(400, "unreadable", "pet/lookup")


def test_a_label_is_said_in_the_language_asked_for(pets: Asking) -> None:
    said = pets("pet/label", uri=pet("dog"))
    assert (said["prefLabel"], said["altLabel"], said["hiddenLabel"]) == ("Dog", ["Hound"], ["dgo"])
    assert pets("pet/label", uri=pet("dog"), lang="de")["prefLabel"] == "Hund"
    assert "prefLabel" not in pets("label", uri=pet("dog"), lang="fr")
    assert pets("label", uri=pet("furry"))["prefLabel"] == "Furry pets"
    pets.refused(404, "not-found", "label", uri="https://example.org/dog")


def test_the_hierarchy_of_a_concept_shows_each_level(pets: Asking) -> None:
    levels = pets("pet/hierarchy", uri=pet("poodle"))["broaderTransitive"]
    assert levels == {
        pet("poodle"): {
            "uri": pet("poodle"), "prefLabel": "Poodle", "hasChildren": False,
            "broader": [pet("dog")],
        },
        pet("dog"): {
            "uri": pet("dog"), "prefLabel": "Dog", "hasChildren": True, "notation": "D",
            "tops": [f"{VOCAB}pet"], "top": f"{VOCAB}pet",
            "narrower": [{"uri": pet("poodle"), "label": "Poodle", "hasChildren": False}],
        },
    }  # fmt: skip


def test_a_tree_names_the_language_where_it_is_another(pets: Asking) -> None:
    tops = pets("pet/topConcepts", lang="fr")["topconcepts"]
    assert [one["label"] for one in tops] == ["Dog (en)", "Cur (en)", "Cat (en)"]
    assert pets("pet/children", uri=pet("dog"), lang="de")["narrower"] == [
        {"uri": pet("poodle"), "prefLabel": "Pudel", "hasChildren": False}
    ]
    assert pets("pet/topConcepts", scheme=f"{VOCAB}other")["topconcepts"] == []


def test_the_hierarchy_of_a_vocabulary_shows_the_parents_of_others(ask: Asking) -> None:
    levels = ask("legacy-sensor/hierarchy", uri=LEGACY)["broaderTransitive"]
    schemes = {iri[len(VOCAB) :].partition("/")[0] for iri in levels}
    assert len(schemes) > 1
    assert all(level["prefLabel"] for level in levels.values())


def test_neighbours_come_with_their_labels(pets: Asking) -> None:
    assert pets("pet/related", uri=pet("dog"))["related"] == [
        {"uri": pet("cat"), "prefLabel": "Cat"}
    ]
    assert pets("pet/broader", uri=pet("dog"))["broader"] == []
    assert pets("pet/narrower", uri=pet("dog"), lang="fr")["narrower"] == [
        {"uri": pet("poodle"), "prefLabel": None}
    ]


def test_groups_hold_concepts_and_groups(pets: Asking) -> None:
    assert pets("pet/groups")["groups"] == [
        {"uri": pet("dogs"), "prefLabel": "Dogs", "hasMembers": True, "notation": "DD"},
        {"uri": pet("furry"), "prefLabel": "Furry pets", "childGroups": [pet("dogs")],
         "hasMembers": True},
    ]  # fmt: skip
    members = pets("pet/groupMembers", uri=pet("furry"))["members"]
    assert [(one["prefLabel"], one["hasMembers"], one["type"]) for one in members] == [
        ("Cat", False, ["skos:Concept"]),
        ("Dogs", True, ["skos:Collection"]),
    ]
    pets.refused(404, "not-found", "pet/groupMembers", uri=pet("dog"))


def test_the_index_lists_letters_and_entries(pets: Asking) -> None:
    assert pets("pet/index")["indexLetters"] == ["C", "D", "P"]
    entries = pets("pet/index/d")["indexConcepts"]
    assert entries == [
        {"uri": pet("dog"), "localname": "dog", "prefLabel": "Dog", "lang": "en"},
        {"uri": pet("poodle"), "localname": "poodle", "prefLabel": "Poodle", "lang": "en",
         "altLabel": "dog with curls"},
    ]  # fmt: skip
    assert pets("pet/index/d", offset="1", limit="1")["indexConcepts"] == entries[1:]
    assert len(pets(f"pet/index/{quote('*')}")["indexConcepts"]) == 5


def test_statistics_count_concepts_groups_and_labels(pets: Asking) -> None:
    said = pets("pet/vocabularyStatistics")
    assert (said["concepts"]["count"], said["concepts"]["deprecatedCount"]) == (4, 1)
    assert said["conceptGroups"]["count"] == 2
    assert said["subTypes"] == []
    languages = pets("pet/labelStatistics")["languages"]
    assert [one["language"] for one in languages] == ["de", "en"]
    assert {"property": "skos:prefLabel", "labels": 4} in languages[1]["properties"]


def test_what_is_new_or_changed_is_listed_by_date(pets: Asking) -> None:
    assert pets("pet/new")["changeList"] == [
        {"uri": pet("poodle"), "prefLabel": "Poodle", "date": "2025-06-01T00:00:00+0000",
         "deprecated": False},
        {"uri": pet("dog"), "prefLabel": "Dog", "date": "2024-03-01T00:00:00+0000",
         "deprecated": False},
    ]  # fmt: skip
    assert pets("pet/modified")["changeList"] == [
        {"uri": pet("cur"), "prefLabel": "Cur", "date": "2025-02-02T00:00:00+0000",
         "deprecated": True, "replacedBy": pet("dog"), "replacingLabel": "Dog"},
        {"uri": pet("dog"), "prefLabel": "Dog", "date": "2025-01-02T02:04:05+0000",
         "deprecated": False},
    ]  # fmt: skip
    assert len(pets("pet/modified", limit="1", offset="1")["changeList"]) == 1


def test_mappings_are_jskos(pets: Asking) -> None:
    said = pets("pet/mappings", uri=pet("dog"))
    (mapping,) = said["mappings"]
    assert mapping["type"] == ["skos:exactMatch"]
    assert mapping["from"] == {"memberSet": [{"uri": pet("dog")}]}
    assert mapping["to"] == {"memberSet": [{"uri": "https://example.org/dog"}]}
    assert (mapping["hrefLink"], mapping["vocabName"]) == ("https://example.org/dog", "example.org")
    assert any(node["uri"] == pet("dog") for node in json.loads(said["graph"])["graph"])


def test_mappings_among_our_vocabularies_link_to_pages(ask: Asking) -> None:
    said = ask("unit/mappings", uri=f"{VOCAB}unit/degC")["mappings"]
    here = [one for one in said if "toScheme" in one]
    assert here
    assert all(re.match(r"http://127\.0\.0\.1:8000/vocab/", one["hrefLink"]) for one in here)
    plain = ask("unit/mappings", uri=f"{VOCAB}unit/degC", external="false")["mappings"]
    assert len(plain) == len(said)


@pytest.mark.parametrize("form", ["application/ld+json", "application/json"])
def test_data_as_json_ld_say_what_the_turtle_says(pets: Asking, form: str) -> None:
    def triples(form: str, media: ox.RdfFormat) -> set[str]:
        path = f"/rest/v1/pet/data?{urlencode({'uri': pet('dog'), 'format': form})}"
        answer = pets.caller.get(path)
        assert answer.mimetype == form
        return {str(one) for one in ox.parse(answer.data, format=media)}

    turtle = triples("text/turtle", ox.RdfFormat.TURTLE)
    assert triples(form, ox.RdfFormat.JSON_LD) == turtle
    assert f"<{pet('cat')}> <{SKOS.related}> <{pet('dog')}>" in turtle


def test_data_come_in_the_form_that_is_accepted(pets: Asking) -> None:
    path = f"/rest/v1/data?uri={pet('dog')}"
    assert pets.caller.get(path).mimetype == "application/rdf+xml"
    assert pets.caller.get(path, Accept="text/turtle").mimetype == "text/turtle"
    problem(pets.caller.get(path, Accept="image/png"), 406, "not-offered")
    pets.refused(406, "not-offered", "data", uri=pet("dog"), format="text/html")
    pets.refused(404, "not-found", "data", uri=pet("nothing"))
    pets.refused(400, "unreadable", "data")


@pytest.mark.parametrize("form", ["application/rdf+xml", "text/turtle", "application/ld+json"])
def test_data_without_a_concept_are_the_whole_vocabulary(pets: Asking, form: str) -> None:
    answer = pets.caller.get(f"/rest/v1/pet/data?format={quote(form)}")
    media = ox.RdfFormat.from_media_type(form)
    assert media
    said = {str(one) for one in ox.parse(answer.data, format=media)}
    assert said == {str(one) for one in ox.parse(PETS, format=ox.RdfFormat.TURTLE)}


def test_answers_are_json_ld_where_that_is_preferred_and_may_be_kept(pets: Asking) -> None:
    path = "/rest/v1/pet/groups"
    answer = pets.caller.get(path, Accept="application/ld+json")
    assert answer.mimetype == "application/ld+json"
    assert pets.caller.get(path, Accept="text/html").mimetype == "application/json"
    again = pets.caller.get(
        path, Accept="application/ld+json", If_None_Match=answer.headers["ETag"]
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "vocabularies?lang=en", "search?query=d*", "types?lang=en",
        *(f"{kind}?uri={quote(pet('dog'))}" for kind in ("label", "data")),
        *("pet", "pet/types", "pet/topConcepts", "pet/search?query=d*", "pet/groups"),
        *("pet/index", "pet/index/d", "pet/vocabularyStatistics", "pet/labelStatistics"),
    ],
)  # fmt: skip
def test_answers_are_json_ld_that_another_reader_understands(pets: Asking, path: str) -> None:
    answer = pets.caller.get(f"/rest/v1/{path}", Accept="application/ld+json")
    assert answer.status_code == 200
    base = f"http://127.0.0.1:8000/rest/v1/{path}"
    assert list(ox.parse(answer.data, format=ox.RdfFormat.JSON_LD, base_iri=base))


# ---- what is not there, and what makes no sense

OF_VOCABULARY = (
    *("", "/types", "/topConcepts", "/data", "/vocabularyStatistics", "/labelStatistics"),
    *("/groups", "/index", "/index/a", "/new", "/modified"),
)
OF_CONCEPT = (
    *("label", "broader", "broaderTransitive", "narrower", "narrowerTransitive", "related"),
    *("children", "hierarchy", "groupMembers", "mappings"),
)


@pytest.mark.parametrize("path", [*OF_VOCABULARY, "/search", "/lookup"])
def test_an_unknown_vocabulary_is_not_found(ask: Asking, path: str) -> None:
    ask.refused(404, "not-found", f"nothing{path}", query="a", label="a")


def test_an_unknown_vocabulary_is_not_searched(ask: Asking) -> None:
    ask.refused(404, "not-found", "search", query="a*", vocab="ml-task nothing")


@pytest.mark.parametrize("path", OF_VOCABULARY)
def test_every_path_of_a_vocabulary_answers(ask: Asking, path: str) -> None:
    assert ask.caller.get(f"/rest/v1/{TASKS}{path}").status_code == 200


@pytest.mark.parametrize("path", OF_CONCEPT)
def test_an_unknown_concept_is_not_found(ask: Asking, path: str) -> None:
    for iri in (f"{VOCAB}ml-task/nothing", f"{VOCAB}modality/image", "javascript:alert(1)", "x y"):
        ask.refused(404, "not-found", f"{TASKS}/{path}", uri=iri)
    ask.refused(400, "unreadable", f"{TASKS}/{path}")
    if path != "groupMembers":
        assert ask(f"{TASKS}/{path}", uri=DETECTION)


@pytest.mark.parametrize("path", ["vocabularies", "types"])
def test_lists_of_everything_ask_for_a_language(ask: Asking, path: str) -> None:
    assert "lang" in ask.refused(400, "unreadable", path)
    assert "lang" in ask.refused(400, "unreadable", path, lang="")


@pytest.mark.parametrize("name", ["maxhits", "offset"])
@pytest.mark.parametrize("value", ["-1", "x", "1.5", "٣", "0x10"])
def test_numbers_that_are_none_are_refused(ask: Asking, name: str, value: str) -> None:
    assert name in ask.refused(400, "unreadable", "search", query="a*", **{name: value})


def test_numbers_may_be_as_large_as_they_like(ask: Asking) -> None:
    huge = str(10**30)
    assert ask("search", query="a*", offset=huge)["results"] == []
    assert len(ask("search", query="a*", maxhits=huge)["results"]) > 100
    assert ask("ml-task/index/o", offset=huge)["indexConcepts"] == []
    assert ask("ml-task/narrowerTransitive", uri=VISION, limit="9" * 5_000)
    ask.refused(400, "unreadable", "ml-task/narrowerTransitive", uri=VISION, limit="0")


ODD = (
    *("", "%00", "%F0%28", "..%2F..", "%2A", "%2A%2A%2A", "%22%3E%3Cscript%3E", "(%5B", "%5C"),
    *("%20", "a" * 300, "%2A".join("abcdefghijklmnop" * 20), "%EF%BF%BF", "-1", "1e400"),
)


@pytest.mark.parametrize("value", ODD)
def test_odd_values_are_answered_or_refused_in_a_sentence(ask: Asking, value: str) -> None:
    names = ("query", "lang", "labellang", "type", "fields", "unique", "label", "letter", "uri")
    everywhere = "&".join(f"{name}={value}" for name in (*names, "scheme", "external", "callback"))
    paths = [*(f"{TASKS}{path}" for path in OF_VOCABULARY), "search", "label", "types", "data"]
    paths += [f"{TASKS}/{path}" for path in (*OF_CONCEPT, "search", "lookup")]
    for path in (*paths, f"{TASKS}/index/{value or 'x'}"):
        answer = ask.caller.get(f"/rest/v1/{path}?{everywhere}")
        assert answer.status_code in {200, 308, 400, 404, 406}, (path, answer.text)
        if answer.status_code >= 400:
            assert answer.get_json()["detail"]
        assert answer.mimetype != "application/javascript"
