"""What GET answers can be PUT back, in every form, and nothing has changed then."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import Dois, DoiState, FileRecord, ItemName, ItemRecord, VersionName
from catalog.domain.validation import Judgement, judge
from catalog.domain.writing import (
    RDF_FORMS,
    House,
    filled_in_for,
    pack,
    rebased,
    serialized,
    written_by_catalog,
)
from catalog.library import library

BASE = "http://127.0.0.1:8000/"
ID = "0000000000"
ITEM = item_iri(ID)
HOUSE = House(BASE, "Sage", "https://ror.org/05gvnxz63", "Desk", "desk@example.org")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
DOIS = (f"10.5072/sage.{ID}", f"10.5072/sage.{ID}.v2")
EXAMPLES = sorted((Path(__file__).parents[1] / "shapes" / "valid").glob("*.ttl"))


def judged(body: bytes, media_type: str, written: tuple[str, ...] = ()) -> Judgement:
    return judge(
        body,
        media_type,
        item=ITEM,
        bases=(BASE, RECORD),
        library=library(),
        files=("sky%20image.tar.gz",),
        written=written,
    )


def record_of(judgement: Judgement, state: State) -> ItemRecord:
    filled = filled_in_for(
        judgement.ntriples, item_id=ID, version=1, created=NOW, issued=NOW, house=HOUSE
    )
    return ItemRecord(
        id=ID,
        version=2,
        revision=1,
        file_changes=1,
        state_changes=0,
        type=judgement.type or "",
        title=judgement.title or "",
        state=state,
        visibility=Visibility.PUBLIC,
        owner_id=1,
        owner="ana",
        created=NOW,
        modified=NOW,
        published=NOW if state is State.PUBLISHED else None,
        ntriples=judgement.ntriples,
        digest=judgement.digest,
        report={},
        filled_in=filled if state is State.PUBLISHED else "",
        files=(FileRecord("sky image.tar.gz", 5, "0" * 64, "application/gzip", "o/1", NOW),),
        files_total=1,
        versions=(VersionName(1, State.PUBLISHED, NOW), VersionName(2, state, NOW)),
        dois=Dois(*DOIS, DoiState.FINDABLE, findable=DOIS),
    )


def answered(record: ItemRecord, media_type: str) -> tuple[bytes, tuple[str, ...]]:
    """Return what GET answers, and the lines of it that the catalog wrote."""
    vocabularies = library().vocabularies
    names = {"0123456789": ItemName("0123456789", "weights", "Some other item")}
    said = pack(record, vocabularies, HOUSE, names)
    body = serialized(rebased(said, BASE), media_type, f"{BASE}items/{ID}")
    return body, written_by_catalog(record, vocabularies, HOUSE)


@pytest.mark.parametrize("state", [State.DRAFT, State.PUBLISHED])
@pytest.mark.parametrize("media_type", list(RDF_FORMS))
@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_what_is_answered_can_be_sent_back(example: Path, media_type: str, state: State) -> None:
    first = judged(example.read_bytes(), "text/turtle")
    body, written = answered(record_of(first, state), media_type)
    again = judged(body, media_type, written)
    assert again.ntriples == first.ntriples
    assert again.digest == first.digest
    assert {f.component for f in again.report.findings if f.severity == "info"} <= {
        "neighbour",
        *(f.component for f in first.report.findings),
    }


@pytest.mark.parametrize("media_type", list(RDF_FORMS))
def test_sent_back_to_who_does_not_know_what_it_wrote_it_is_not_refused(media_type: str) -> None:
    first = judged(EXAMPLES[0].read_bytes(), "text/turtle")
    body, _ = answered(record_of(first, State.PUBLISHED), media_type)
    again = judged(body, media_type)
    assert again.report.conforms
    assert "written-by-catalog" in {f.component for f in again.report.findings}
    assert not any(
        told in again.ntriples for told in (*DOIS, "#doi", "previousVersion", "hasCurrentVersion")
    )
