"""The page of an item as people read it: DOIs told truly, a graph, a map, and whom to ask."""

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from html5rdf import HTMLParser
from html5rdf.treebuilders import getTreeBuilder

from api import rendering
from api.coastline import LAND
from api.drawing import Thing, draw
from api.frame import Frame
from api.mapping import map_of, shape_of, sites_of
from catalog.domain.description import Description, statements_of
from catalog.domain.identifiers import RECORD, SAGE, item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import Action
from catalog.domain.reading import read
from catalog.domain.record import Dois, DoiState, ItemRecord
from catalog.library import library
from tests.api.sites import Kept, Site, kept
from tests.catalogs import description, now

VALID = Path(__file__).parent.parent / "shapes" / "valid" / "common-rich.ttl"
LIBRARY = library()
ITEM = "w62kz7rwhm"
SUBJECT = f"<{item_iri(ITEM)}>"
FRAME = Frame("https://catalog.example/", f"/items/{ITEM}", "Sage Catalog")
TESTS = replace(FRAME, doi_resolver="http://127.0.0.1:8001/doi/", dois_are_tests=True)
CONCEPT, VERSION = "10.5072/sage.w62kz7rwhm", "10.5072/sage.w62kz7rwhm.v1"


def record_of(ntriples: str = "", **changes: Any) -> ItemRecord:
    said = read(VALID.read_bytes(), "text/turtle", item=item_iri(ITEM)).description.ntriples
    made = ItemRecord(
        id=ITEM, version=1, revision=1, file_changes=0, state_changes=1, type="training-data",
        title="Cloud masks", state=State.PUBLISHED, visibility=Visibility.PUBLIC, owner_id=1,
        owner="local", created=now(), modified=now(), published=now(), ntriples=ntriples or said,
        digest="0" * 64, report={},
    )  # fmt: skip
    return replace(made, **changes)


def page_of(record: ItemRecord, frame: Frame = FRAME, **beside: Any) -> str:
    return rendering.item(frame, LIBRARY, record=record, names={}, **beside)


def strip_of(page: str) -> str:
    """Return the text of the facts below the title, with single spaces."""
    strip = page[page.index('<dl class="strip">') :].partition("</dl>")[0]
    return " ".join(re.sub("<[^>]+>", "", strip).split())


# -- DOIs


def test_a_doi_that_resolves_is_a_link_that_shows_its_whole_address() -> None:
    dois = Dois(CONCEPT, VERSION, DoiState.FINDABLE, findable=(CONCEPT, VERSION))
    page = page_of(record_of(dois=dois))
    assert f'href="https://doi.org/{VERSION}"' in page
    assert f"DOI of this versionhttps://doi.org/{VERSION} DOI of all" in strip_of(page)
    assert "test DOI" not in page


def test_a_test_doi_says_that_it_is_one_and_leads_to_the_stand_in() -> None:
    dois = Dois(CONCEPT, VERSION, DoiState.FINDABLE, findable=(CONCEPT, VERSION))
    page = page_of(record_of(dois=dois), TESTS)
    assert f'href="http://127.0.0.1:8001/doi/{VERSION}"' in page
    assert strip_of(page).count("test DOI, does not resolve") == 1
    assert strip_of(page).count("test DOI") == 2
    assert "doi.org/10.5072" not in strip_of(page)


@pytest.mark.parametrize("state", [DoiState.RESERVED, DoiState.REGISTERING, DoiState.FAILED])
def test_what_is_not_registered_yet_is_no_link_and_its_problem_is_the_owners(
    state: DoiState,
) -> None:
    dois = Dois(CONCEPT, VERSION, state, "The registrar refuses the host example.")
    record = record_of(dois=dois)
    seen = page_of(record)
    assert f'/{VERSION}"' not in seen
    assert strip_of(seen).count("not registered yet") == 2
    assert "refuses the host" not in seen
    assert "failed" not in seen
    owned = page_of(record, may=frozenset(Action))
    assert "The registrar refuses the host example." in owned
    assert "not registered yet" not in owned


def test_of_two_dois_only_the_one_that_resolves_is_a_link() -> None:
    dois = Dois(CONCEPT, VERSION, DoiState.REGISTERING, findable=(CONCEPT,))
    page = page_of(record_of(dois=dois))
    assert f'href="https://doi.org/{CONCEPT}"' in page
    assert f'href="https://doi.org/{VERSION}"' not in page


def test_without_dois_the_page_speaks_of_none() -> None:
    assert "DOI of" not in strip_of(page_of(record_of()))


# -- people, access, contact, forms


def test_a_creator_has_an_orcid_in_words_and_whom_to_ask_a_mail_address() -> None:
    page = page_of(record_of())
    assert (
        'href="https://orcid.org/0009-0003-8823-4046" rel="nofollow noopener ugc">ORCID iD' in page
    )
    assert '<a href="mailto:data@example.org">data@example.org</a>' in page
    assert f'href="/items/{ITEM}/report"' in page


@pytest.mark.parametrize(
    ("visibility", "said"),
    [
        (Visibility.PUBLIC, "Public"),
        (Visibility.RESTRICTED, "Restricted files"),
        (Visibility.EMBARGOED, "Files under embargo"),
        (Visibility.PRIVATE, "Private"),
    ],
)
def test_a_badge_says_who_has_access(visibility: Visibility, said: str) -> None:
    page = page_of(record_of(visibility=visibility))
    kicker = page[page.index('<p class="kicker">') : page.index("<h1")]
    assert f">{said}</span>" in kicker


@pytest.mark.parametrize("mail", ["a@b", "x?subject=y@example.org", "a%0ab@example.org", "@"])
def test_what_is_no_mail_address_is_no_mail_link(mail: str) -> None:
    said = record_of().ntriples.replace("mailto:data@example.org", f"mailto:{mail}")
    assert 'href="mailto:' not in page_of(record_of(said))


def test_forms_stand_in_groups_and_each_of_them_answers(site: Site) -> None:
    one = site.published("In every form")
    page = site.anyone.get(one.path, Accept="text/html").text
    listed = page[page.index('<dl class="forms">') :].partition("</dl>")[0]
    groups = re.findall("<dt>([^<]+)</dt>", listed)
    links = re.findall('href="([^"]+)"', listed)
    assert groups[:2] == ["Linked data", "Data"]
    assert len(links) == len(set(links)) >= 7
    assert {site.anyone.get(link.replace("&amp;", "&")).status_code for link in links} == {200}


# -- lineage


def citing(site: Site, title: str, *cited: Kept) -> Kept:
    more = "".join(f"<> <http://purl.org/dc/terms/isPartOf> <{one.id}> .\n" for one in cited)
    sent = description(title) + more.encode()
    answer = site.owner.post("/items?publish=true&wait=0", sent, Content_Type="text/turtle")
    return kept(answer)


def test_the_graph_goes_two_steps_to_each_side_and_every_box_is_a_link(site: Site) -> None:
    chain = [site.published("First of five")]
    for name in ("Second of five", "Third of five", "Fourth of five", "Fifth of five"):
        chain.append(citing(site, name, chain[-1]))
    page = site.anyone.get(chain[2].path, Accept="text/html").text
    wide = page[page.index('<svg class="wide"') :].partition("</svg>")[0]
    links = re.findall(r'<a href="([^"]+)" aria-label="([^"]+)"', wide)
    assert [href for href, _ in links] == [chain[place].path for place in (0, 1, 3, 4)]
    assert links[1][1] == "Part of: Second of five"
    words = page[page.index("</div>", page.index('<svg class="tall"')) :].partition("</section>")[0]
    assert all(f'href="{one.path}"' in words for one in (*chain[:2], *chain[3:]))


def test_the_graph_names_nothing_that_the_reader_may_not_see(site: Site) -> None:
    middle = site.published("In the middle")
    later = citing(site, "Cites the middle", middle)
    part_of = f"<> <http://purl.org/dc/terms/isPartOf> <{later.id}> ."
    body = description("A draft that cites") + part_of.encode()
    assert site.owner.post("/items", body, Content_Type="text/turtle").status_code == 201
    assert "A draft that cites" not in site.anyone.get(middle.path, Accept="text/html").text
    assert "A draft that cites" in site.owner.get(middle.path, Accept="text/html").text


@pytest.mark.parametrize("number", [1, 6, 7, 60])
@pytest.mark.parametrize("sides", [(1, 0), (0, 1), (1, 1)])
def test_a_drawing_fits_the_page_and_no_boxes_lie_on_each_other(
    number: int, sides: tuple[int, int]
) -> None:
    def things(side: int) -> list[Thing]:
        names = ["A long name " * (n % 5 + 1) for n in range(number)]
        return [Thing("Data set", name, f"/{side}/{n}") for n, name in enumerate(names)]

    cited, citing = things(1) * sides[0], things(2) * sides[1]
    further = [("/1/0", Thing("x", "X", "/3/0")), ("/9/9", Thing("y", "Y", "/3/1"))]
    for plan in draw(Thing("Model", "Self"), cited, citing, further, []):
        assert plan.width <= 880
        for place, box in enumerate(plan.boxes):
            assert box.x >= 0
            assert box.x + box.width <= plan.width
            assert box.y >= 0
            assert box.y + box.height <= plan.height
            for other in plan.boxes[:place]:
                apart_x = box.x >= other.x + other.width or other.x >= box.x + box.width
                assert apart_x or box.y >= other.y + other.height or other.y >= box.y + box.height


def test_without_neighbours_nothing_is_drawn() -> None:
    assert draw(Thing("Model", "Self"), [], []) == ()


# -- the map


@pytest.mark.parametrize(
    ("wkt", "said"),
    [
        ("POINT(-87.98 41.70)", "41.7° N, 87.98° W"),
        ("point (0 -33.5)", "33.5° S, 0°"),
        ("POINT Z (1 2 3)", "2° N, 1° E"),
        ("<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(1 2)", "2° N, 1° E"),
        ("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(1 2)", "1° N, 2° E"),
        ("POLYGON((-88 41, -87 41, -87 42, -88 42, -88 41))", "41° N to 42° N, 88° W to 87° W"),
        ("LINESTRING(-88 41, -87 42)", "41° N to 42° N, 88° W to 87° W"),
        ("MULTIPOINT((1 2), (3 4))", "2° N to 4° N, 1° E to 3° E"),
        ("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((2 2, 3 2, 3 3, 2 2)))", "0° to 3° N, 0° to 3° E"),
    ],
)
def test_wkt_is_read_and_told_in_words(wkt: str, said: str) -> None:
    shape = shape_of(wkt)
    assert shape is not None
    assert shape.in_words == said


@pytest.mark.parametrize(
    "wkt",
    [
        "", "POINT", "POINT EMPTY", "POINT()", "POINT(1)", "POINT(a b)", "POINT(181 0)",
        "POINT(nan 0)", "POINT(inf 0)", "POINT(0 91)", "POINT(1 2, 3 4)", "POLYGON((1 2))",
        "<http://www.opengis.net/def/crs/EPSG/0/3857> POINT(1 2)", "CIRCLE(1 2)", "POINT(1 2) x",
        "POLYGON(" + "(" * 40_000, "POINT(" + "1 " * 60_000, "POINT(1e999 2)",
    ],
)  # fmt: skip
def test_what_is_no_place_on_earth_is_not_drawn(wkt: str) -> None:
    assert shape_of(wkt) is None


def test_an_outline_of_very_many_points_is_thinned() -> None:
    ring = ", ".join(f"{n / 1000} {n / 2000}" for n in range(5_000))
    shape = shape_of(f"POLYGON(({ring}))")
    assert shape is not None
    assert len(shape.lines[0]) < 400


def sites(*lines: str) -> tuple[Any, ...]:
    said = "".join(f"{line} .\n" for line in lines)
    return sites_of(Description.of(item_iri(ITEM), statements_of(said)), LIBRARY.vocabularies)


def test_a_node_whose_place_the_vocabulary_knows_is_on_the_map() -> None:
    nodes = LIBRARY.vocabularies.rows("legacy-node")
    node = next(iri for iri, row in nodes.items() if f"<{SAGE}latitude>" in row)
    (found,) = sites(f"{SUBJECT} <{SAGE}node> {node}")
    assert found.name
    assert found.shape.is_point


def test_the_page_draws_a_map_and_leads_to_one_with_streets() -> None:
    page = page_of(record_of())
    assert 'aria-label="A map of Argonne National Laboratory: 41.7° N, 87.98° W."' in page
    assert "https://www.openstreetmap.org/?mlat=41.7&amp;mlon=-87.98#map=14/41.7/-87.98" in page


def test_without_coordinates_there_is_no_map() -> None:
    part = f"<{item_iri(ITEM)}#s>"
    label = f'{part} <http://www.w3.org/2000/01/rdf-schema#label> "Bad River"@en'
    assert sites(f"{SUBJECT} <http://purl.org/dc/terms/spatial> {part}", label) == ()
    assert map_of(()) is None


def test_places_near_each_other_share_a_region_and_far_ones_the_world() -> None:
    part = f"<{item_iri(ITEM)}#s>"

    def plan(*points: str) -> Any:
        lines = []
        for number, point in enumerate(points):
            one = part.replace("#s", f"#s{number}")
            lines += [
                f"{SUBJECT} <http://purl.org/dc/terms/spatial> {one}",
                f'{one} <http://www.w3.org/ns/dcat#centroid> "{point}"',
            ]
        return map_of(sites(*lines))

    near, far = plan("POINT(-88 41)", "POINT(-87 42)"), plan("POINT(-88 41)", "POINT(8 50)")
    assert (near.width, len(near.marks), far.width, len(far.marks)) == (640, 2, 640, 2)
    assert "90° W" in {label.text for label in near.labels}
    assert "30° E" in {label.text for label in far.labels}
    for mapped in (near, far, plan("POINT(180 90)"), plan("POINT(-180 -90)")):
        assert all(0 <= x <= mapped.width and 0 <= y <= mapped.height for x, y in mapped.marks)


def test_the_coasts_are_closed_and_known_cities_lie_on_land() -> None:
    def is_land(x: float, y: float) -> bool:
        inside = False
        for ring in LAND:
            for (ax, ay), (bx, by) in pairwise(ring):
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    inside = not inside
        return inside

    assert all(ring[0] == ring[-1] for ring in LAND)
    cities = [(-104.9, 39.7), (-58.5, -34.9), (2.3, 48.8), (37.6, 55.7), (77.2, 28.6), (36.8, -1.3),
              (134, -25), (116.4, 40.2), (-99.1, 19.4), (18, 0)]  # fmt: skip
    seas = [(-40, 30), (-150, 10), (80, -30), (-87, 43.5), (5, 39.5), (-90, 25), (3, 56), (51, 41)]
    assert [city for city in cities if not is_land(*city)] == []
    assert [sea for sea in seas if is_land(*sea)] == []


def test_every_id_of_the_page_is_its_own_whatever_parts_are_called() -> None:
    said = record_of().ntriples.replace("#site>", "#place>").replace("#desk>", "#contact>")
    page = page_of(record_of(said.replace("#lcrc>", "#forms>")))
    parser = HTMLParser(tree=getTreeBuilder("etree"), namespaceHTMLElements=False)
    ids = [node.get("id") for node in parser.parse(page).iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    assert RECORD not in page
