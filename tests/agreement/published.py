"""Descriptions as the records that they would be once published, without a server."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from catalog.domain.identifiers import RECORD, item_iri
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import FileRecord, ItemName, ItemRecord
from catalog.domain.validation import Judgement, judge
from catalog.domain.writing import House, filled_in_for
from catalog.library import library

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "catalog" / "samples").glob("*.ttl"))
VALID = sorted((ROOT / "tests" / "shapes" / "valid").glob("*.ttl"))
INVALID = sorted((ROOT / "tests" / "shapes" / "invalid").glob("*.ttl"))

HOUSE = House(
    "http://127.0.0.1:8000/", "Sage", "https://ror.org/05gvnxz63", "Desk", "desk@example.org"
)
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ANY_ID = "0000000000"

_IDENTIFIER = re.compile(r'^  dct:identifier "([^"]*)" ;$', re.MULTILINE)


def judged(body: bytes, item_id: str = ANY_ID, files: tuple[str, ...] = ()) -> Judgement:
    """Return what the catalog says about a description in Turtle."""
    return judge(
        body,
        "text/turtle",
        item=item_iri(item_id),
        bases=(RECORD,),
        library=library(),
        files=files,
        places=False,
    )


def published(judgement: Judgement, item_id: str = ANY_ID, files: Iterable[str] = ()) -> ItemRecord:
    """Return the record of a description that was published as the first version of an item."""
    kept = tuple(
        FileRecord(name, 5, "0" * 64, "application/gzip", f"o/{name}", NOW) for name in files
    )
    return ItemRecord(
        id=item_id,
        version=1,
        revision=1,
        file_changes=len(kept),
        state_changes=1,
        type=judgement.type or "",
        title=judgement.title or "",
        state=State.PUBLISHED,
        visibility=Visibility.PUBLIC,
        owner_id=1,
        owner="ana",
        created=NOW,
        modified=NOW,
        published=NOW,
        ntriples=judgement.ntriples,
        digest=judgement.digest,
        report={},
        filled_in=filled_in_for(
            judgement.ntriples, item_id=item_id, version=1, created=NOW, issued=NOW, house=HOUSE
        ),
        files=kept,
        files_total=len(kept),
    )


@cache
def samples() -> dict[str, ItemRecord]:
    """Return the samples as published records, by id."""
    records = {}
    for file in SAMPLES:
        found = _IDENTIFIER.search(text := file.read_text())
        assert found, f"{file.name} has no identifier of its own"
        records[found[1]] = published(judged(text.encode(), found[1]), found[1])
    return records


def names_of(records: Iterable[ItemRecord]) -> dict[str, ItemName]:
    """Return the names under which other items cite these."""
    return {one.id: ItemName(one.id, one.type, one.title) for one in records}
