"""OAI-PMH 2.0, asked as harvesters and the validator of the Open Archives Initiative ask it."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from lxml import etree

from api import oai
from api.oai_formats import FORMATS
from catalog.domain.permissions import ANYONE
from catalog.domain.writing import statements_out
from catalog.jail.judging import JailedJudge
from catalog.jail.querying import JailedQueries
from catalog.kernel4.schema import schema
from catalog.services import changes
from catalog.services.harvest import Window, harvest
from catalog.services.read import read
from tests.api.sites import BASE, TURTLE, Kept, Site, kept, site_in

NS = {
    "o": "http://www.openarchives.org/OAI/2.0/",
    "id": "http://www.openarchives.org/OAI/2.0/oai-identifier",
    "dc": "http://purl.org/dc/elements/1.1/",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "e": "http://schema.datacite.org/oai/oai-1.1/",
    "k": "http://datacite.org/schema/kernel-4",
}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
HOSTILE = 'Clouds & <b>\\"smoke\\"</b> ]]> \\u202E \\U0001F525'
COLLECTION = b"""
@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix it6: <http://data.europa.eu/it6/> .
@prefix sage: <https://w3id.org/sage/ns#> .
@prefix spdx-license: <https://spdx.org/licenses/> .
@prefix schema: <https://schema.org/> .
<> a sage:Collection ;
  dct:title "A season of clouds"@en ;
  dct:description "What one node saw of the sky in one summer, kept together for one study."@en ;
  dct:creator <#bo>, <#ana> ; dct:license spdx-license:MIT ; dcat:keyword "cloud"@en ;
  sage:curator <#ana> ; dcat:resource <ITEM> .
<#ana> a foaf:Person ; foaf:name "Ana Ruiz" ; schema:position 1 .
<#bo> a foaf:Person ; foaf:name "Bo Li" ; schema:position 2 .
"""


@dataclass(frozen=True)
class Told:
    """An answer, read as XML whatever its status."""

    root: etree._Element

    def all(self, path: str) -> list[str]:
        return [str(found) for found in self.root.xpath(path, namespaces=NS)]

    def one(self, path: str) -> str:
        (found,) = self.all(path)
        return found

    @property
    def codes(self) -> list[str]:
        return self.all("/o:OAI-PMH/o:error/@code")

    @property
    def identifiers(self) -> list[str]:
        return self.all("//o:header/o:identifier/text()")

    @property
    def token(self) -> str:
        return "".join(self.all("//o:resumptionToken/text()"))


def told(site: Site, query: str, *, post: bool = False) -> Told:
    """Ask, and check what holds for every answer."""
    if post:
        answer = site.anyone.post("/oai", query, Content_Type="application/x-www-form-urlencoded")
    else:
        answer = site.anyone.get(f"/oai?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/xml; charset=utf-8"
    root = etree.fromstring(answer.data)
    assert root.tag == f"{{{NS['o']}}}OAI-PMH"
    assert root.get(XSI) == (
        "http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
    )
    assert [etree.QName(one).localname for one in root][:2] == ["responseDate", "request"]
    assert re.fullmatch(STAMP, root[0].text or "")
    assert root[1].text == f"{BASE}oai"
    return Told(root)


@dataclass(frozen=True)
class Harvest:
    """A catalog with an item in each state."""

    site: Site
    clouds: Kept
    collection: Kept
    withdrawn: Kept
    hidden: tuple[Kept, ...]

    def identifier(self, one: Kept) -> str:
        return f"oai:catalog.invalid:{one.id}"


@pytest.fixture(scope="module")
def at(
    tmp_path_factory: pytest.TempPathFactory, judge: JailedJudge, queries: JailedQueries
) -> Harvest:
    site = site_in(tmp_path_factory.mktemp("oai"), judge, queries)
    clouds = site.published(HOSTILE)
    sent = COLLECTION.replace(b"ITEM", clouds.id.encode())
    collection = kept(site.owner.post("/items?publish=true&wait=0", sent, Content_Type=TURTLE))
    hidden = (site.draft("A draft"), site.private("Private"), site.deleted("Deleted"))
    withdrawn = site.withdrawn("Withdrawn")
    for number in range(5):
        site.published(f"Item {number}")
    return Harvest(site, clouds, collection, withdrawn, hidden)


@pytest.fixture
def in_threes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oai, "RECORDS_A_PORTION", 3)


def portions(site: Site, query: str, verb: str = "ListIdentifiers") -> list[Told]:
    """Return a list to its end."""
    found = [told(site, f"verb={verb}&{query}")]
    while found[-1].token:
        found.append(told(site, f"verb={verb}&resumptionToken={quote(found[-1].token)}"))
    return found


# -- what the validator asks, in its order


def test_identify_says_what_a_validator_wants(at: Harvest) -> None:
    said = told(at.site, "verb=Identify")
    assert said.one("//o:baseURL/text()") == f"{BASE}oai"
    assert said.one("//o:protocolVersion/text()") == "2.0"
    assert said.one("//o:granularity/text()") == "YYYY-MM-DDThh:mm:ssZ"
    assert said.one("//o:deletedRecord/text()") == "persistent"
    assert re.fullmatch(r"\S+@(\S+\.)+\S+", said.one("//o:adminEmail/text()"))
    assert re.fullmatch(STAMP, said.one("//o:earliestDatestamp/text()"))
    assert [etree.QName(one).localname for one in said.root[2]] == [
        "repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp",
        "deletedRecord", "granularity", "description",
    ]  # fmt: skip
    assert re.fullmatch(
        r"[a-z][a-z0-9\-]*(\.[a-z][a-z0-9\-]+)+", said.one("//id:repositoryIdentifier/text()")
    )
    assert said.one("//id:sampleIdentifier/text()").startswith("oai:catalog.invalid:")


def test_sets_that_are_listed_have_items_and_each_item_names_its_set(at: Harvest) -> None:
    sets = told(at.site, "verb=ListSets").all("//o:setSpec/text()")
    assert sets == ["type:collection", "type:training-data", "type"]
    whole = told(at.site, "verb=ListIdentifiers&metadataPrefix=oai_dc")
    for spec in sets:
        listed = told(at.site, f"verb=ListIdentifiers&metadataPrefix=oai_dc&set={spec}")
        assert listed.identifiers, spec
        if spec != "type":
            assert set(listed.all("//o:setSpec/text()")) == {spec}
        else:
            assert listed.identifiers == whole.identifiers


def test_every_format_is_listed_also_for_an_item(at: Harvest) -> None:
    query = f"verb=ListMetadataFormats&identifier={at.identifier(at.clouds)}"
    for said in (told(at.site, "verb=ListMetadataFormats"), told(at.site, query)):
        assert said.all("//o:metadataPrefix/text()") == list(FORMATS)
        assert len(said.all("//o:schema/text()")) == len(said.all("//o:metadataNamespace/text()"))


def test_a_record_has_the_date_and_sets_of_the_list(at: Harvest) -> None:
    listed = told(at.site, "verb=ListIdentifiers&metadataPrefix=oai_dc")
    for identifier, stamp in zip(
        listed.identifiers, listed.all("//o:datestamp/text()"), strict=True
    ):
        said = told(at.site, f"verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier}")
        assert said.one("//o:header/o:datestamp/text()") == stamp
        assert said.one("//o:header/o:setSpec/text()").startswith("type:")
        span = f"from={stamp}&until={stamp}"
        assert (
            identifier
            in told(at.site, f"verb=ListRecords&{span}&metadataPrefix=oai_dc").identifiers
        )


JUNK = {
    "junk": {"badVerb"},
    "": {"badVerb"},
    "verb=junk": {"badVerb"},
    "verb=Identify&verb=Identify": {"badVerb"},
    "verb=Identify&identifier=x": {"badArgument"},
    "verb=GetRecord&metadataPrefix=oai_dc": {"badArgument"},
    "verb=GetRecord&identifier=oai:catalog.invalid:7777777777": {"badArgument"},
    'verb=GetRecord&identifier=invalid"id&metadataPrefix=oai_dc': {"badArgument"},
    "verb=GetRecord&identifier=oai:catalog.invalid:7777777777&metadataPrefix=oai_dc": {
        "idDoesNotExist"
    },
    "verb=GetRecord&identifier=oai:other.org:1&metadataPrefix=oai_dc": {"idDoesNotExist"},
    "verb=ListMetadataFormats&identifier=oai:other.org:1": {"idDoesNotExist"},
    "verb=ListIdentifiers&until=junk": {"badArgument"},
    "verb=ListIdentifiers&from=junk": {"badArgument"},
    "verb=ListIdentifiers&resumptionToken=junk&until=2000-02-05": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=junk": {"badArgument"},
    "verb=ListRecords&resumptionToken=junk": {"badResumptionToken"},
    "verb=ListRecords&resumptionToken=": {"badResumptionToken"},
    "verb=ListSets&resumptionToken=junk": {"badResumptionToken"},
    "verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=junk&until=1990-01-10": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&until=junk": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc": {"badArgument"},
    "verb=ListRecords": {"badArgument"},
    "verb=ListRecords&metadataPrefix=marc21": {"cannotDisseminateFormat"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-05&until=2002-02-06T05:35:00Z": {
        "badArgument"
    },
    "verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-06&until=2002-02-05": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-30": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=0000-01-01": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=2002-02-05T00:00:00%2B01:00": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&set=a b": {"badArgument"},
    "verb=ListRecords&metadataPrefix=oai_dc&set=type:nothing": {"noRecordsMatch"},
    "verb=ListRecords&metadataPrefix=oai_dc&set=type:instrument": {"noRecordsMatch"},
    "verb=ListRecords&metadataPrefix=oai_dc&from=9999-12-31": {"noRecordsMatch"},
    "verb=ListRecords&metadataPrefix=oai_dc&until=0001-01-01": {"noRecordsMatch"},
}


@pytest.mark.parametrize("query", JUNK)
def test_what_is_wrong_has_its_code_by_get_and_post(at: Harvest, query: str) -> None:
    for post in (False, True):
        said = told(at.site, query, post=post)
        assert set(said.codes) == JUNK[query]
        assert "." in said.one("//o:error/text()")
        repeated = dict(said.root[1].attrib)
        if set(said.codes) & {"badVerb", "badArgument"}:
            assert repeated == {}
        else:
            assert repeated["verb"] in query


def test_until_a_year_before_the_earliest_there_is_nothing(at: Harvest) -> None:
    earliest = told(at.site, "verb=Identify").one("//o:earliestDatestamp/text()")
    before = f"{int(earliest[:4]) - 1}{earliest[4:]}"
    said = told(at.site, f"verb=ListRecords&metadataPrefix=oai_dc&until={before}")
    assert said.codes == ["noRecordsMatch"]
    until = told(at.site, f"verb=ListRecords&metadataPrefix=oai_dc&until={earliest}")
    assert until.identifiers


def test_a_form_answers_as_an_address_does(at: Harvest) -> None:
    record = f"verb=GetRecord&metadataPrefix=oai_dc&identifier={at.identifier(at.clouds)}"
    for query in ("verb=Identify", record, "verb=ListRecords&metadataPrefix=dcat"):
        by_form, by_address = told(at.site, query, post=True), told(at.site, query)
        assert etree.tostring(by_form.root[2]) == etree.tostring(by_address.root[2])


def test_other_bodies_are_refused_in_words(at: Harvest) -> None:
    assert at.site.anyone.post("/oai", b"<x/>", Content_Type="text/xml").status_code == 415
    long = at.site.anyone.post(
        "/oai", b"verb=" + b"x" * 30_000, Content_Type="application/x-www-form-urlencoded"
    )
    assert long.status_code == 413


# -- whole lists


@pytest.mark.parametrize("verb", ["ListIdentifiers", "ListRecords"])
def test_a_list_comes_in_portions_that_add_up(at: Harvest, in_threes: None, verb: str) -> None:
    found = portions(at.site, "metadataPrefix=oai_dc", verb)
    sizes = [len(said.identifiers) for said in found]
    listed = [identifier for said in found for identifier in said.identifiers]
    assert sizes == [3, 3, 2]
    assert len(set(listed)) == len(listed)
    assert [said.one("//o:resumptionToken/@cursor") for said in found] == ["0", "3", "6"]
    assert {said.one("//o:resumptionToken/@completeListSize") for said in found} == {"8"}
    stamps = [stamp for said in found for stamp in said.all("//o:datestamp/text()")]
    assert stamps == sorted(stamps)


def test_a_list_that_is_whole_has_no_token(at: Harvest) -> None:
    said = told(at.site, "verb=ListIdentifiers&metadataPrefix=oai_dc")
    assert said.all("//o:resumptionToken") == []
    assert len(said.identifiers) == 8


def test_a_token_may_be_used_again_and_only_for_its_verb(at: Harvest, in_threes: None) -> None:
    token = quote(told(at.site, "verb=ListRecords&metadataPrefix=oai_dc").token)
    again = [told(at.site, f"verb=ListRecords&resumptionToken={token}") for _ in range(2)]
    other = told(at.site, f"verb=ListIdentifiers&resumptionToken={token}")
    assert etree.tostring(again[0].root[2]) == etree.tostring(again[1].root[2])
    assert other.codes == ["badResumptionToken"]


@pytest.mark.parametrize("place", range(0, 120, 17))
def test_a_token_that_somebody_changed_is_told_or_harmless(
    at: Harvest, in_threes: None, place: int
) -> None:
    token = told(at.site, "verb=ListRecords&metadataPrefix=oai_dc").token
    changed = token[:place] + ("A" if token[place : place + 1] != "A" else "B") + token[place + 1 :]
    said = told(at.site, f"verb=ListRecords&resumptionToken={quote(changed)}")
    known = {"badResumptionToken", "badArgument", "cannotDisseminateFormat", "noRecordsMatch"}
    assert set(said.codes) <= known


def test_what_changes_during_a_harvest_is_not_passed_over(empty: Site, in_threes: None) -> None:
    made = [empty.published(f"Item {number}") for number in range(7)]
    said = told(empty, "verb=ListIdentifiers&metadataPrefix=oai_dc")
    seen = list(said.identifiers)
    empty.withdraw(made[4])
    empty.withdraw(made[0])
    late = empty.published("Late")
    while said.token:
        said = told(empty, f"verb=ListIdentifiers&resumptionToken={quote(said.token)}")
        seen += said.identifiers
    assert {identifier[-10:] for identifier in seen} == {one.id for one in (*made, late)}
    assert seen[-1][-10:] == late.id


# -- what is in them


def test_drafts_private_and_deleted_items_leave_no_trace(at: Harvest) -> None:
    for prefix in FORMATS:
        answer = at.site.anyone.get(f"/oai?verb=ListRecords&metadataPrefix={prefix}").text
        for one in at.hidden:
            assert one.id not in answer
            identifier = at.identifier(one)
            said = told(at.site, f"verb=GetRecord&metadataPrefix={prefix}&identifier={identifier}")
            assert said.codes == ["idDoesNotExist"]


def test_a_withdrawn_item_is_a_deleted_record_without_its_metadata(at: Harvest) -> None:
    identifier = at.identifier(at.withdrawn)
    for prefix in FORMATS:
        said = told(at.site, f"verb=GetRecord&metadataPrefix={prefix}&identifier={identifier}")
        assert said.one("//o:header/@status") == "deleted"
        assert said.all("//o:metadata") == []
    listed = told(at.site, "verb=ListRecords&metadataPrefix=oai_dc")
    deleted = listed.all("//o:header[@status]/o:identifier/text()")
    assert deleted == [identifier]


def test_dublin_core_says_the_item_whatever_its_title(at: Harvest) -> None:
    identifier = at.identifier(at.clouds)
    said = told(at.site, f"verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier}")
    assert said.one("//dc:title/text()") == 'Clouds & <b>"smoke"</b> ]]> \u202e \U0001f525'
    assert said.one("//dc:creator/text()") == "Ana Ruiz"
    assert said.one("//dc:type/text()") == "Training data set"
    assert f"{BASE}items/{at.clouds.id}" in said.all("//dc:identifier/text()")
    assert "cloud" in said.all("//dc:subject/text()")
    assert "https://spdx.org/licenses/MIT" in said.all("//dc:rights/text()")
    assert said.all("//dc:source/text()") == ["http://vintage.winklerbros.net/swimseg.html"]
    assert "invalid" not in "".join(said.all("//oai_dc:dc//text()"))


def test_creators_stand_in_their_order_and_cited_items_by_address(at: Harvest) -> None:
    identifier = at.identifier(at.collection)
    said = told(at.site, f"verb=GetRecord&metadataPrefix=oai_dc&identifier={identifier}")
    assert said.all("//dc:creator/text()") == ["Ana Ruiz", "Bo Li"]
    assert f"{BASE}items/{at.clouds.id}" in said.all("//dc:relation/text()")


def test_dcat_is_the_pack_of_the_item_in_rdf_xml(at: Harvest) -> None:
    identifier = at.identifier(at.clouds)
    said = told(at.site, f"verb=GetRecord&metadataPrefix=dcat&identifier={identifier}")
    about = f"{BASE}items/{at.clouds.id}"
    titles = said.all(f"//rdf:RDF/*[@rdf:about='{about}']/dct:title/text()")
    assert titles == ['Clouds & <b>"smoke"</b> ]]> \u202e \U0001f525']


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("oai_datacite", "//e:payload/k:resource"), ("datacite", "//o:metadata/k:resource")],
)
def test_datacite_records_are_valid_by_the_schema_of_kernel_4(
    at: Harvest, prefix: str, path: str
) -> None:
    listed = told(at.site, f"verb=ListRecords&metadataPrefix={prefix}")
    found = listed.root.xpath(path, namespaces=NS)
    assert len(found) == 7
    for resource in found:
        schema().assertValid(etree.fromstring(etree.tostring(resource)))
    if prefix == "oai_datacite":
        assert set(listed.all("//e:schemaVersion/text()")) == {"4.7"}


def test_what_is_read_for_many_is_what_is_read_of_one(at: Harvest) -> None:
    parts = at.site.parts
    for one in harvest(parts, Window(), limit=100, complete=True):
        if one.exported is not None:
            alone = read(parts, ANYONE, one.item_id)
            vocabularies, house = parts.library.vocabularies, parts.settings.house
            both = [
                sorted(statements_out(record, vocabularies, house))
                for record in (alone.record, one.exported.record)
            ]
            assert both[0] == both[1]
            assert one.exported.names == alone.names


# -- dates


def test_who_asks_again_from_the_last_response_misses_nothing(
    empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item whose moment is before a harvest may be committed after it."""
    begun = datetime.now(UTC)
    response = told(empty, "verb=Identify").one("//o:responseDate/text()")
    late = changes.IN_FLIGHT - timedelta(seconds=1)

    class Slow(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return begun - late

    monkeypatch.setattr(changes, "datetime", Slow)
    one = empty.published("Committed late")
    said = told(empty, f"verb=ListIdentifiers&metadataPrefix=oai_dc&from={response}")
    assert said.identifiers == [f"oai:catalog.invalid:{one.id}"]


def test_dates_never_go_back_even_where_the_clock_does(
    empty: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = empty.published("First")

    class Back(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2020, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(changes, "datetime", Back)
    second = empty.published("Second")
    found = harvest(empty.parts, Window(), limit=10)
    assert [one.item_id for one in found] == [first.id, second.id]
    assert found[0].at < found[1].at


def test_private_items_are_harvested_from_the_moment_that_they_become_public(empty: Site) -> None:
    one = empty.private("Not yet")
    earlier = datetime.now(UTC)
    assert told(empty, "verb=ListRecords&metadataPrefix=oai_dc").codes == ["noRecordsMatch"]
    time.sleep(0.001)
    answer = empty.owner.put(f"{one.path}/visibility", {"visibility": "public"}, If_Match=one.etag)
    assert answer.status_code == 200, answer.text
    (found,) = harvest(empty.parts, Window(), limit=10)
    assert found.at > earlier
    assert len(told(empty, "verb=ListRecords&metadataPrefix=oai_dc").identifiers) == 1


# -- HTTP


def test_an_empty_catalog_answers_every_verb(empty: Site) -> None:
    assert told(empty, "verb=Identify").codes == []
    assert told(empty, "verb=ListSets").all("//o:setSpec/text()") == ["type"]
    assert told(empty, "verb=ListRecords&metadataPrefix=dcat").codes == ["noRecordsMatch"]


def test_an_answer_that_is_the_same_is_not_sent_again(at: Harvest) -> None:
    path = "/oai?verb=ListRecords&metadataPrefix=oai_dc"
    first = at.site.anyone.get(path)
    assert at.site.anyone.get(path, If_None_Match=first.headers["ETag"]).status_code == 304
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    head = at.site.anyone.ask("HEAD", path)
    assert (head.status_code, head.data) == (200, b"")
