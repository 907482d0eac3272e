"""The schema that DataCite published judges what is registered of real and of made-up items."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from catalog import kernel4
from catalog.domain.exporting.datacite import attributes, registration_faults, with_dois
from catalog.domain.exporting.exported import Exported
from catalog.domain.record import ItemRecord
from catalog.library import library
from tests.agreement.generated import faulty, varied
from tests.agreement.published import HOUSE, VALID, judged, names_of, published, samples

SCHEMA = Path(__file__).parents[4] / "shared" / "standards" / "datacite-4.7" / "metadata.xsd"
GENERATED = 100

pytestmark = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the published schema lies beside the repository, not in it"
)


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


def exported(record: ItemRecord) -> Exported:
    cited = samples()
    return with_dois(Exported(record, library(), HOUSE, names_of(cited.values()), {}))


def refused(record: ItemRecord) -> list[str]:
    """Return what the published schema says of a version, and of all versions together."""
    found = []
    for all_versions in (False, True):
        xml = kernel4.to_xml(attributes(exported(record), all_versions=all_versions))
        if not schema().validate(etree.fromstring(xml)):
            found += [str(one) for one in schema().error_log]
    return found


def test_every_sample_can_be_registered() -> None:
    found = {item_id: refused(record) for item_id, record in samples().items()}
    assert {item_id: said for item_id, said in found.items() if said} == {}


@pytest.mark.parametrize("example", VALID, ids=[one.stem for one in VALID])
def test_every_valid_example_can_be_registered(example: Path) -> None:
    judgement = judged(example.read_bytes(), files=("sky%20image.tar.gz",))
    assert refused(published(judgement, files=("sky image.tar.gz",))) == []


def test_whatever_may_be_published_can_be_registered() -> None:
    """Of descriptions with faults, what the published schema refuses is told as well."""
    types: set[str] = set()
    for number in range(GENERATED):
        for described in (varied(number), faulty(number)):
            judgement = judged(described.ntriples, files=described.files)
            if judgement.type is None or not judgement.report.conforms_at("draft"):
                continue
            record = published(judgement, files=("sky image.tar.gz", "read me.txt"))
            told = bool(registration_faults(exported(record)))
            assert told == bool(refused(record)), described.name
            assert not (told and judgement.report.conforms_at("publication")), described.name
            types.add(record.type)
    assert len(types) >= 15


def test_a_record_of_nothing_but_a_title_is_registered_once_somebody_made_it() -> None:
    record = next(iter(samples().values()))
    bare = "\n".join(line for line in record.ntriples.splitlines() if "/dc/terms/title>" in line)
    told = registration_faults(exported(replace(record, ntriples=bare + "\n")))
    assert [fault.property for fault in told] == ["Creator"]
