"""An item with very many files stays usable: nothing that is done to it costs the more of them."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import event, insert, select, update

from catalog.domain.record import ItemRecord
from catalog.domain.report import Report
from catalog.services.begin_version import begin_version
from catalog.services.browse_files import browse_files
from catalog.services.download import list_files
from catalog.services.judging import judge_stored
from catalog.services.mentions import mentioned, names_that_matter
from catalog.services.packing import pack
from catalog.services.read import read
from catalog.services.revise import revise
from catalog.services.upload import remove_file
from catalog.tables import File, Item, Version
from tests.catalogs import Catalog, catalog_in, description, now

MANY = 20_000
NODES = 37


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("many"), dois=True)


@pytest.fixture(scope="module")
def item(catalog: Catalog) -> ItemRecord:
    """A draft with many files, of which only the rows are there."""
    return filled(catalog, MANY)


def filled(catalog: Catalog, count: int) -> ItemRecord:
    one = catalog.submit("Very many files", published=False)
    rows = [
        {
            "item_id": one.id,
            "n": 1,
            "folded": name_of(number),
            "name": name_of(number),
            "size_bytes": 1_000,
            "sha256": hashlib.sha256(name_of(number).encode()).hexdigest(),
            "media_type": "image/jpeg",
            "key": f"o/{one.id}/{number:032x}",
            "created": now(),
        }
        for number in range(count)
    ]
    with catalog.parts.database.writing() as session:
        session.execute(insert(File), rows)
        session.execute(update(Version).filter_by(item_id=one.id).values(files_total=count))
        kept = {"kept_files": count, "kept_bytes": count * 1_000}
        session.execute(update(Item).filter_by(id=one.id).values(**kept))
    return one


def name_of(number: int) -> str:
    return f"node-{number % NODES:02}/2026-{number % 12 + 1:02}/image-{number:06}.jpg"


def rows_read(catalog: Catalog, act: Callable[[], object]) -> int:
    """Return how many rows of files an act loads."""
    read_rows = 0

    def counted(*_: object) -> None:
        nonlocal read_rows
        read_rows += 1

    event.listen(File, "load", counted)
    try:
        act()
    finally:
        event.remove(File, "load", counted)
    return read_rows


def test_a_page_of_the_list_reads_its_own_files_wherever_it_begins(
    catalog: Catalog, item: ItemRecord
) -> None:
    seen: list[str] = []
    cursor: str | None = None

    def turn() -> None:
        nonlocal cursor
        page = list_files(catalog.parts, catalog.actor, item.id, cursor=cursor, limit=100)
        assert page.total == MANY
        seen.extend(file.name for file in page.files)
        cursor = page.next

    assert rows_read(catalog, turn) <= 201  # the first hundred of the item come with it
    while cursor is not None:
        turn()
    assert seen == sorted(name_of(number) for number in range(MANY))


def test_folders_are_found_without_reading_what_lies_in_them(
    catalog: Catalog, item: ItemRecord
) -> None:
    def look() -> None:
        found = browse_files(catalog.parts, catalog.actor, item.id, limit=100)
        assert [one.name for one in found.folders] == [f"node-{n:02}/" for n in range(NODES)]
        assert sum(one.files_total for one in found.folders) == MANY == found.total

    assert rows_read(catalog, look) <= 201 + NODES
    inside = browse_files(catalog.parts, catalog.actor, item.id, folder="Node-07", limit=5)
    assert [one.name for one in inside.folders] == [f"node-07/2026-{m:02}/" for m in range(1, 6)]
    more = browse_files(
        catalog.parts, catalog.actor, item.id, folder="node-07", cursor=inside.next, limit=100
    )
    assert [one.name for one in more.folders] == [f"node-07/2026-{m:02}/" for m in range(6, 13)]
    assert more.next is None


def test_folders_and_files_are_mixed_by_name_and_paged_without_a_gap(catalog: Catalog) -> None:
    one = catalog.submit("Mixed", published=False)
    names = ["a", "a/1", "a/2", "a-b", "a.b/x", "B/1", "b/2", "c", "👩\u200d🚀/1", "👩\u200d🚀x"]
    for name in names:
        catalog.upload(one.id, name, b"x")
    seen: list[str] = []
    cursor = None
    while True:
        page = browse_files(catalog.parts, catalog.actor, one.id, cursor=cursor, limit=1)
        seen += [entry.name for entry in (*page.folders, *page.files)]
        cursor = page.next
        if cursor is None:
            break
    assert seen == ["a", "a-b", "a.b/", "a/", "B/", "c", "👩\u200d🚀/", "👩\u200d🚀x"]
    flat = browse_files(catalog.parts, catalog.actor, one.id, prefix="B/", limit=9)
    assert [file.name for file in flat.files] == ["B/1", "b/2"]


def test_one_more_file_reads_no_others_and_judges_nothing(
    catalog: Catalog, item: ItemRecord
) -> None:
    class NoJudge:
        def judge(self, *_: object, **__: object) -> None:
            raise AssertionError("nothing that was found can have changed")

    unjudged = replace(catalog, parts=replace(catalog.parts, judge=NoJudge()))
    read_rows = rows_read(catalog, lambda: unjudged.upload(item.id, "zz-new.bin", b"new"))
    assert read_rows <= 310  # three looks at the first hundred
    remove_file(unjudged.parts, catalog.actor, item.id, "zz-new.bin", now=now())


def test_a_file_that_the_description_speaks_of_is_judged(catalog: Catalog) -> None:
    one = catalog.submit("Speaks", published=False)
    said = description("Speaks") + (
        b'<#file/b%20c.txt> <http://purl.org/dc/terms/description> "What it is"@en .\n'
    )
    revise(
        catalog.parts, catalog.actor, one.id, said, "text/turtle",
        expected=frozenset("*"), now=now(),
    )  # fmt: skip
    assert "b%20c.txt" in told(catalog, one.id)
    catalog.upload(one.id, "a.txt", b"first")
    catalog.upload(one.id, "d.txt", b"another")
    assert "b%20c.txt" in told(catalog, one.id)
    catalog.upload(one.id, "b c.txt", b"it")
    assert "b%20c.txt" not in told(catalog, one.id)
    remove_file(catalog.parts, catalog.actor, one.id, "b c.txt", now=now())
    assert "b%20c.txt" in told(catalog, one.id)
    for name in ("a.txt", "d.txt"):
        assert "There are no files" not in told(catalog, one.id)
        remove_file(catalog.parts, catalog.actor, one.id, name, now=now())
    assert "There are no files" in told(catalog, one.id)


def told(catalog: Catalog, item_id: str) -> str:
    report = Report.from_dict(read(catalog.parts, catalog.actor, item_id).record.report)
    return "\n".join(f"{one.focus_node} {one.message}" for one in report.findings)


def test_the_verdict_is_that_of_all_names(catalog: Catalog) -> None:
    one = catalog.submit("Verdicts", published=False)
    for number in range(5):
        catalog.upload(one.id, f"{number}.txt", b"%d" % number)
    with catalog.parts.database.reading() as session:
        few = names_that_matter(session, one.id, 1, one.ntriples)
    assert mentioned(one.ntriples, one.id) == frozenset()
    assert len(few) == 1
    every = [f"{number}.txt" for number in range(5)]
    verdicts = [
        judge_stored(catalog.parts, one.ntriples, one.id, names).report.to_dict()
        for names in (few, every)
    ]
    assert verdicts[0] == verdicts[1]


def test_versions_packages_and_deletion_of_very_many_files_end(catalog: Catalog) -> None:
    one = filled(catalog, 5_000)
    packed = pack(catalog.parts, catalog.actor, one.id)
    assert packed.size_bytes is not None
    assert packed.size_bytes > 5_000 * 1_000
    catalog.publish(one.id)
    draft = begin_version(catalog.parts, catalog.actor, one.id, expected=frozenset("*"), now=now())
    assert draft.files_total == 5_000
    catalog.delete(one.id)
    with catalog.parts.database.reading() as session:
        assert len(session.scalars(select(File.key).filter_by(item_id=one.id)).all()) == 5_000
    gone = filled(catalog, 3_000)
    catalog.delete(gone.id)
    with catalog.parts.database.reading() as session:
        assert session.scalars(select(File.key).filter_by(item_id=gone.id)).all() == []
        assert session.get(Item, gone.id) is None
