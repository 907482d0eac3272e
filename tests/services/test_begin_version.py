"""The next version begins as the last one was published, and neither harms the other."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from catalog.domain.errors import CatalogError, Forbidden, Gone, MovedOn, NotFound, WrongState
from catalog.domain.identifiers import draw_id
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import ANYONE, Actor, Role
from catalog.domain.record import ItemRecord
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.begin_version import begin_version
from catalog.services.delete import delete
from catalog.services.download import find_file, read_file
from catalog.services.read import read
from catalog.services.revise import revise
from catalog.services.upload import remove_file
from catalog.services.withdraw import withdraw
from catalog.tables import Citation, Event, File, Item, Permission, Version
from tests.catalogs import Catalog, catalog_in, description, now

ANY = frozenset("*")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = catalog_in(tmp_path)
    yield made
    made.parts.database.close()


def begin(catalog: Catalog, item_id: str, actor: Actor | None = None) -> ItemRecord:
    return begin_version(catalog.parts, actor or catalog.actor, item_id, expected=ANY, now=now())


def with_files(catalog: Catalog, **files: bytes) -> str:
    """Publish an item with files; return its id."""
    one = catalog.submit("With files", published=False)
    for name, content in files.items():
        catalog.upload(one.id, name, content)
    catalog.publish(one.id)
    return one.id


def content(catalog: Catalog, item_id: str, name: str, n: int) -> bytes:
    _, file = find_file(catalog.parts, catalog.actor, item_id, name, n)
    return b"".join(read_file(catalog.parts, file))


def objects(catalog: Catalog) -> int:
    """Return how many objects are left when those are cleared away that nothing names."""
    catalog.clear()
    return sum(1 for _ in catalog.parts.objects.listing())


def are_well(catalog: Catalog) -> bool:
    """Tell whether every check of the record and of the bytes holds."""
    catalog.settle()
    return all(check.ok for check in catalog.examined(deep=True).values())


def test_the_next_version_says_what_was_published_last(catalog: Catalog) -> None:
    first = catalog.submit("The first")
    draft = begin(catalog, first.id)
    assert (draft.version, draft.state, draft.stage) == (2, State.DRAFT, "2.1.0.0")
    assert (draft.ntriples, draft.digest) == (first.ntriples, first.digest)
    assert (draft.type, draft.title) == (first.type, first.title)
    assert draft.report["conforms"]
    assert (draft.filled_in, draft.published) == ("", None)


def test_the_published_version_stays_what_others_see(catalog: Catalog) -> None:
    first = catalog.submit("Stays")
    begin(catalog, first.id)
    assert read(catalog.parts, ANYONE, first.id).record.version == 1
    assert read(catalog.parts, catalog.actor, first.id).record.version == 2
    assert are_well(catalog)


def test_files_are_carried_over_without_keeping_their_bytes_twice(catalog: Catalog) -> None:
    item_id = with_files(catalog, a=b"one", b=b"two")
    draft = begin(catalog, item_id)
    assert [file.name for file in draft.files] == ["a", "b"]
    assert content(catalog, item_id, "a", 2) == b"one"
    assert objects(catalog) == 2
    assert are_well(catalog)


def test_what_is_cited_is_cited_by_the_draft_too(catalog: Catalog) -> None:
    cited, citing = catalog.submit("Cited"), catalog.submit("Citing", published=False)
    source = f"<> <http://purl.org/dc/terms/references> <{cited.id}> ."
    sent = description("Citing") + source.encode()
    revise(catalog.parts, catalog.actor, citing.id, sent, "text/turtle", expected=ANY, now=now())
    catalog.publish(citing.id)
    begin(catalog, citing.id)
    with catalog.parts.database.reading() as session:
        rows = session.scalars(select(Citation.n).where(Citation.item_id == citing.id)).all()
    assert sorted(rows) == [1, 2]
    assert are_well(catalog)


def test_a_file_that_is_replaced_in_the_draft_stays_in_the_version_before(
    catalog: Catalog,
) -> None:
    item_id = with_files(catalog, a=b"old")
    begin(catalog, item_id)
    catalog.upload(item_id, "a", b"new")
    assert content(catalog, item_id, "a", 1) == b"old"
    assert content(catalog, item_id, "a", 2) == b"new"
    assert are_well(catalog)


def test_a_file_that_is_removed_from_the_draft_stays_in_the_version_before(
    catalog: Catalog,
) -> None:
    item_id = with_files(catalog, a=b"kept")
    begin(catalog, item_id)
    remove_file(catalog.parts, catalog.actor, item_id, "a", now=now())
    assert content(catalog, item_id, "a", 1) == b"kept"
    with pytest.raises(NotFound):
        content(catalog, item_id, "a", 2)
    assert are_well(catalog)


def test_deleting_the_draft_returns_the_item_to_what_is_published(catalog: Catalog) -> None:
    item_id = with_files(catalog, a=b"kept")
    begin(catalog, item_id)
    catalog.upload(item_id, "b", b"of the draft alone")
    delete(catalog.parts, catalog.actor, item_id, expected=ANY, now=now())
    assert read(catalog.parts, catalog.actor, item_id).record.version == 1
    assert content(catalog, item_id, "a", 1) == b"kept"
    assert objects(catalog) == 1
    assert are_well(catalog)


def test_after_a_draft_was_deleted_the_version_begins_anew(catalog: Catalog) -> None:
    one = catalog.submit("Begun twice")
    begin(catalog, one.id)
    catalog.revise(one.id, "Given up")
    catalog.delete(one.id)
    again = begin(catalog, one.id)
    assert (again.version, again.title, again.revision) == (2, "Begun twice", 1)
    assert are_well(catalog)


def test_the_draft_is_revised_and_published_as_any_other(catalog: Catalog) -> None:
    item_id = with_files(catalog, a=b"bytes")
    begin(catalog, item_id)
    catalog.revise(item_id, "The second")
    second = catalog.publish(item_id)
    assert (second.version, second.state, second.title) == (2, State.PUBLISHED, "The second")
    assert '<http://www.w3.org/ns/dcat#version> "2"' in second.filled_in
    assert begin(catalog, item_id).version == 3
    assert are_well(catalog)


def test_two_drafts_never_exist_at_once(catalog: Catalog) -> None:
    one = catalog.submit("Once")
    begin(catalog, one.id)
    with pytest.raises(WrongState, match="Version 2 is a draft already"):
        begin(catalog, one.id)


def test_of_two_who_begin_at_the_same_moment_one_is_refused(catalog: Catalog) -> None:
    one = catalog.submit("Wanted by two")
    together, ended = Barrier(2), []

    def try_it() -> None:
        together.wait()
        try:
            ended.append(begin(catalog, one.id).version)
        except CatalogError as refused:
            ended.append(type(refused))

    threads = [Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 2 in ended
    assert {*ended} - {2} <= {WrongState, MovedOn}
    assert len(ended) == len({*ended}) == 2
    assert are_well(catalog)


def test_of_what_was_never_published_no_version_begins(catalog: Catalog) -> None:
    one = catalog.submit("A draft", published=False)
    with pytest.raises(WrongState, match="Version 1 is a draft already"):
        begin(catalog, one.id)


def test_of_what_was_withdrawn_no_version_begins(catalog: Catalog) -> None:
    one = catalog.submit("Gone")
    catalog.withdraw(one.id)
    with pytest.raises(Gone):
        begin(catalog, one.id)


def test_after_the_newest_version_was_withdrawn_the_one_before_is_carried_over(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Good")
    begin(catalog, one.id)
    catalog.revise(one.id, "Bad")
    catalog.publish(one.id)
    withdraw(catalog.parts, catalog.actor, one.id, reason="bad", expected=ANY, now=now(), n=2)
    third = begin(catalog, one.id)
    assert (third.version, third.title) == (3, "Good")
    assert are_well(catalog)


def test_who_expects_another_stage_is_refused(catalog: Catalog) -> None:
    one = catalog.submit("Moved")
    with pytest.raises(MovedOn):
        begin_version(
            catalog.parts, catalog.actor, one.id, expected=frozenset({"1.9.9.9"}), now=now()
        )


def test_an_item_that_is_not_there_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(NotFound):
        begin(catalog, draw_id())


def member(catalog: Catalog, name: str) -> Actor:
    token = create_token(catalog.parts, name, Role.MEMBER, now=now())
    return actor_of_token(catalog.parts, token, now=now())


def test_who_may_only_read_begins_nothing(catalog: Catalog) -> None:
    one = catalog.submit("Not yours")
    with pytest.raises(Forbidden):
        begin(catalog, one.id, member(catalog, "eve"))


def test_who_may_write_begins_one_and_is_told_of_a_draft_that_is_hidden_from_them(
    catalog: Catalog,
) -> None:
    one, writer = catalog.submit("Shared"), member(catalog, "wil")
    with catalog.parts.database.writing() as session:
        session.add(
            Permission(
                item_id=one.id, grantee_type="USER", grantee="wil", permission="WRITE"
            )
        )  # fmt: skip
    begin(catalog, one.id)
    with pytest.raises(WrongState, match="Version 2"):
        begin(catalog, one.id, writer)


def test_what_is_private_goes_on_being_private_in_the_draft(catalog: Catalog) -> None:
    one = catalog.submit("Private", published=False)
    catalog.publish(one.id, Visibility.PRIVATE)
    assert begin(catalog, one.id).visibility is Visibility.PRIVATE


def test_the_beginning_stands_in_the_history(catalog: Catalog) -> None:
    one = catalog.submit("Told")
    begin(catalog, one.id)
    with catalog.parts.database.reading() as session:
        event = session.scalars(select(Event).order_by(Event.seq.desc()).limit(1)).one()
        item = session.get_one(Item, one.id)
        assert (event.item_id, event.n, event.kind) == (one.id, 2, "version-begun")
        assert event.detail == {"previous": 1, "digest": one.digest}
        assert item.newest == 2


def test_a_beginning_without_its_event_is_found_by_doctor(catalog: Catalog) -> None:
    one = catalog.submit("Silently")
    begin(catalog, one.id)
    with catalog.parts.database.writing() as session:
        for event in session.scalars(select(Event).where(Event.n == 2)):
            session.delete(event)
    assert not catalog.examined()["history"].ok


def test_what_fails_today_begins_all_the_same_with_its_report(catalog: Catalog) -> None:
    one = catalog.submit("Fails today")
    with catalog.parts.database.writing() as session:
        version = session.get_one(Version, (one.id, 1))
        said = "<https://w3id.org/sage/vocab/modality/"
        version.ntriples = version.ntriples.replace(f"{said}image>", f"{said}gone>")
    draft = begin(catalog, one.id)
    assert draft.state is State.DRAFT
    assert not draft.report["conforms"]


def test_names_of_files_differ_by_case_no_more_than_before(catalog: Catalog) -> None:
    item_id = with_files(catalog, Readme=b"x")
    begin(catalog, item_id)
    with catalog.parts.database.reading() as session:
        rows = session.scalars(select(File).where(File.item_id == item_id).order_by(File.n)).all()
    assert [(row.n, row.folded, row.name) for row in rows] == [
        (1, "readme", "Readme"),
        (2, "readme", "Readme"),
    ]
    assert rows[0].key == rows[1].key


def numbered(catalog: Catalog, item_id: str, number: str) -> ItemRecord:
    sent = description("Numbered") + f'<> <http://www.w3.org/ns/dcat#version> "{number}" .'.encode()
    return revise(
        catalog.parts, catalog.actor, item_id, sent, "text/turtle", expected=ANY, now=now()
    )


def remarks(record: ItemRecord) -> list[str]:
    """Return what the record remarks about the number of a version."""
    return [
        finding["message"]
        for finding in record.report["findings"]
        if finding["component"] == "record" and finding["path"].endswith("#version")
    ]


def test_a_number_that_an_earlier_version_has_is_a_warning_until_it_is_another(
    catalog: Catalog,
) -> None:
    one = catalog.submit("Numbered", published=False)
    assert remarks(numbered(catalog, one.id, "1.0")) == []
    catalog.publish(one.id)
    draft = begin(catalog, one.id)
    assert remarks(draft) == [
        "Version 1 is called 1.0 as well. Give this one a number of its own, or leave it out."
    ]
    assert draft.report["conforms"]
    assert remarks(numbered(catalog, one.id, "1.1")) == []
    assert remarks(numbered(catalog, one.id, "1.0"))
    assert remarks(catalog.publish(one.id))
