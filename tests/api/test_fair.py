"""The real items as an automated assessment of FAIR sees them: 17 metrics, looked at over HTTP.

The metrics are those of FAIRsFAIR in version 0.8, as F-UJI measures them. A harvester here knows
an address and nothing else: it reads headers, the page, the block in the page, and what typed
links and content negotiation lead to.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, Final

import pyoxigraph as ox
import pytest

from catalog.domain.identifiers import concept_doi, version_doi
from catalog.domain.record import DoiState
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.services.accounts import actor_of_token
from catalog.services.dois import ALL_VERSIONS
from catalog.services.samples import load_samples
from catalog.tables import Doi
from tests.api.sites import BASE, Site, site_in
from tests.api.test_head import Head
from tests.api.test_samples import ids_of
from tests.catalogs import now

TURTLE: Final = "text/turtle"
COAR: Final = "http://purl.org/coar/access_right/c_"
PROV: Final = "http://www.w3.org/ns/prov#"
SPDX: Final = "https://spdx.org/licenses/"
STANDARDS: Final = ("http://www.w3.org/ns/dcat", "https://schema.org/", "http://data.europa.eu/")
RELATED: Final = ("isBasedOn", "isPartOf", "hasPart", "citation", "subjectOf", "mentions",
                  "includedInDataCatalog")  # fmt: skip


@dataclass(frozen=True)
class Harvest:
    """What one address gives to who asks without an account."""

    site: Site
    path: str

    @cached_property
    def links(self) -> list[tuple[str, set[str], str]]:
        """The typed links of the headers: target, relations, profile."""
        found = []
        for link in self.site.anyone.ask("HEAD", self.path).headers.getlist("Link"):
            relation = re.search(r'rel="([^"]+)"', link)
            profile = re.search(r'profile="([^"]+)"', link)
            assert relation
            target = link.partition(">")[0][1:]
            found.append((target, set(relation[1].split()), profile[1] if profile else ""))
        return found

    def linked(self, relation: str) -> list[str]:
        return [target for target, relations, _ in self.links if relation in relations]

    @cached_property
    def head(self) -> Head:
        answer = self.site.anyone.get(self.path, Accept="text/html")
        assert answer.status_code == 200
        head = Head()
        head.feed(answer.text)
        return head

    @cached_property
    def data(self) -> dict[str, Any]:
        return self.head.data

    @cached_property
    def triples(self) -> list[ox.Triple]:
        """What content negotiation gives."""
        answer = self.site.anyone.get(self.path, Accept=TURTLE)
        assert answer.mimetype == TURTLE
        return [quad.triple for quad in ox.parse(answer.data, format=ox.RdfFormat.TURTLE)]

    @cached_property
    def downloads(self) -> list[dict[str, Any]]:
        several = [*self.data.get("distribution", []), *self.data.get("encoding", [])]
        return [one for one in several if one.get("contentUrl")]

    @property
    def is_stated(self) -> Callable[[str], bool]:
        """Whether the record states a property at all; nobody invents what it does not."""
        stated = {
            triple.predicate.value.rpartition("/")[2]
            for triple in self.triples
            if isinstance(triple.object, ox.Literal)
            or not triple.object.value.endswith("ns#notStated")
            if triple.subject == ox.NamedNode(f"{BASE[:-1]}{self.path}")
        }
        return lambda name: name in stated


def each(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [] if found is None else [found]


def mentions(found: Any, start: str) -> bool:
    """Tell whether an IRI that begins so stands anywhere in JSON."""
    if isinstance(found, dict):
        return any(mentions(one, start) for one in (*found, *found.values()))
    if isinstance(found, list):
        return any(mentions(one, start) for one in found)
    return isinstance(found, str) and found.startswith(start)


# -- the metrics: each yields what is wrong, nothing where it is met


def f1_01md_unique_identifier(seen: Harvest) -> Iterator[str]:
    if not seen.data["@id"].startswith(BASE):
        yield "the identifier is no IRI"
    if not seen.head.said("DC.identifier"):
        yield "no identifier in Dublin Core"


def f1_02md_persistent_identifier(seen: Harvest) -> Iterator[str]:
    (cited,) = seen.linked("cite-as")
    wanted = seen.site.parts.settings.doi_resolver
    if any(one.get("propertyID") == "DOI" for one in seen.data["identifier"]) and not (
        cited.startswith(f"{wanted}10.")
    ):
        yield f"{cited} is no DOI"


def f2_01m_core_metadata(seen: Harvest) -> Iterator[str]:
    needed = ["name", "identifier", "datePublished", "publisher", "@type", "description"]
    needed += ["creator"] if seen.is_stated("creator") else []
    yield from (f"no {name}" for name in needed if not seen.data.get(name))
    if not (seen.data.get("keywords") or seen.data.get("about")):
        yield "no keywords"


def f3_01m_location_of_data(seen: Harvest) -> Iterator[str]:
    linked = {link["href"] for link in seen.head.links if link["rel"] == "item"}
    if {one["contentUrl"] for one in seen.downloads} != linked:
        yield "the block and the links name other files"


def f4_01m_readable_by_search_engines(seen: Harvest) -> Iterator[str]:
    if "noindex" in seen.head.said("robots"):
        yield "not to be indexed"
    if not seen.head.said("DC.title") or seen.data["@context"]["@vocab"] != "https://schema.org/":
        yield "no Dublin Core, or no schema.org"


def a1_01m_access_level(seen: Harvest) -> Iterator[str]:
    if not any(one.startswith(COAR) for one in seen.head.said("DCTERMS.accessRights")):
        yield "no access right of COAR in Dublin Core"
    if not mentions(seen.data.get("conditionsOfAccess"), COAR):
        yield "no access right of COAR in the block"


def a1_02md_retrievable(seen: Harvest) -> Iterator[str]:
    for address in (one for one in seen.linked("item") if one.startswith(BASE)):
        if seen.site.anyone.ask("HEAD", f"/{address.removeprefix(BASE)}").status_code != 200:
            yield f"{address} cannot be fetched"


def a1_1_01md_standard_protocol(seen: Harvest) -> Iterator[str]:
    for address in (seen.data["url"], *(one["contentUrl"] for one in seen.downloads)):
        if not address.startswith(("http://", "https://")):
            yield f"{address} is not HTTP"


def a1_2_01md_protocol_with_authentication(seen: Harvest) -> Iterator[str]:
    refused = seen.site.anyone.get(seen.path, Authorization="Bearer no-such-token")
    if refused.status_code != 401 or "WWW-Authenticate" not in refused.headers:
        yield "credentials are not asked for in the way of HTTP"


def i1_01m_formal_representation(seen: Harvest) -> Iterator[str]:
    if len(seen.triples) < 10:
        yield "hardly any RDF by content negotiation"
    for target in seen.linked("describedby"):
        if target.endswith(".ttl"):
            break
    else:
        yield "no typed link to RDF"


def i2_01m_registered_vocabularies(seen: Harvest) -> Iterator[str]:
    named = {triple.predicate.value for triple in seen.triples}
    if not any(name.startswith(("http://www.w3.org/ns/dcat#", PROV)) for name in named):
        yield "no registered vocabulary in RDF"
    if seen.is_stated("creator") and not mentions(seen.data, "prov:"):
        yield "none in the block"


def i3_01m_related_resources(seen: Harvest) -> Iterator[str]:
    if not any(one.get("@id") for name in RELATED for one in each(seen.data.get(name))
               if isinstance(one, dict)):  # fmt: skip
        yield "nothing related"


def r1_01m_description_of_content(seen: Harvest) -> Iterator[str]:
    if not seen.head.said("DC.type") or not seen.data["@type"]:
        yield "no type"
    for one in seen.downloads:
        if one["contentUrl"].startswith(BASE) and not (
            one.get("contentSize") and one.get("encodingFormat")
        ):
            yield f"no size or format of {one['contentUrl']}"


def r1_1_01m_licence(seen: Harvest) -> Iterator[str]:
    if not seen.is_stated("license"):
        return
    licences = [one.get("@id", "") for one in each(seen.data.get("license"))]
    if not licences:
        yield "no licence"
    for licence in licences:
        if licence.startswith(SPDX) and licence not in seen.linked("license"):
            yield f"{licence} is not linked"


def r1_2_01m_provenance(seen: Harvest) -> Iterator[str]:
    if "prov:generatedAtTime" not in seen.data:
        yield "no provenance in PROV"
    if seen.data["@context"]["prov"] != PROV:
        yield "the prefix of PROV means something else"


def r1_3_01m_community_standard(seen: Harvest) -> Iterator[str]:
    profiles = {profile for _, relations, profile in seen.links if "describedby" in relations}
    if not any(profile.startswith(standard) for profile in profiles for standard in STANDARDS):
        yield "no profile of a community"


def r1_3_02d_file_format(seen: Harvest) -> Iterator[str]:
    for one in seen.downloads:
        for form in each(one.get("encodingFormat")):
            if one["contentUrl"].startswith(BASE) and not re.fullmatch(r"[\w.+-]+/[\w.+-]+", form):
                yield f"{form} is no media type"


METRICS: Final[tuple[Callable[[Harvest], Iterable[str]], ...]] = (
    f1_01md_unique_identifier,
    f1_02md_persistent_identifier,
    f2_01m_core_metadata,
    f3_01m_location_of_data,
    f4_01m_readable_by_search_engines,
    a1_01m_access_level,
    a1_02md_retrievable,
    a1_1_01md_standard_protocol,
    a1_2_01md_protocol_with_authentication,
    i1_01m_formal_representation,
    i2_01m_registered_vocabularies,
    i3_01m_related_resources,
    r1_01m_description_of_content,
    r1_1_01m_licence,
    r1_2_01m_provenance,
    r1_3_01m_community_standard,
    r1_3_02d_file_format,
)


@pytest.fixture(scope="module")
def harvests(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> list[Harvest]:
    """Return what a harvester finds at the real items, whose DOIs resolve."""
    site = site_in(tmp_path_factory.mktemp("fair"), judge, queries)
    folder = files("catalog.samples")
    sources = [file.read_bytes() for file in folder.iterdir() if file.name.endswith(".ttl")]
    admin = actor_of_token(site.parts, site.tokens["admin"], now=now())
    assert load_samples(site.parts, admin, sources, now=now()) >= 35
    found = [Harvest(site, f"/items/{item_id}") for item_id in ids_of(site)]
    with site.parts.database.writing() as session:
        for one in found:
            item_id = one.path.rpartition("/")[2]
            for n, doi in (
                (ALL_VERSIONS, concept_doi(item_id, "10.5072")),
                (1, version_doi(item_id, 1, "10.5072")),
            ):
                row = session.get(Doi, (item_id, n)) or Doi(item_id=item_id, n=n, doi=doi)
                row.state = DoiState.FINDABLE.value
                session.add(row)
    return found


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
def test_every_real_item_meets_the_metric(
    harvests: list[Harvest], metric: Callable[[Harvest], Iterable[str]]
) -> None:
    wrong = {one.path: said for one in harvests if (said := list(metric(one)))}
    assert wrong == {}


def test_pages_of_models_and_weights_are_data_sets_and_models(harvests: list[Harvest]) -> None:
    both = ["Dataset", "https://w3id.org/fair4ml#MLModel"]
    kinds: dict[str, Any] = {}
    for one in harvests:
        item_type = one.site.anyone.get(f"{one.path}.json").get_json()["type"]
        kinds[item_type] = one.data["@type"]
    assert sorted(kinds["model"]) == sorted(kinds["weights"]) == both
    assert kinds["training-data"] == "Dataset"
    assert kinds["code"] == "SoftwareSourceCode"
    assert kinds["ecr-app"] == "SoftwareApplication"
