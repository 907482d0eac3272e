"""What people may know of an item's past, and how an earlier description comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.domain.description import statements_of
from catalog.domain.errors import (
    Forbidden,
    Gone,
    MovedOn,
    NotAcceptable,
    NotConforming,
    NotFound,
    Unauthenticated,
    Unreadable,
)
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.permissions import ANYONE, Actor, Role
from catalog.domain.record import DoiState
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.begin_version import begin_version
from catalog.services.compare import compare
from catalog.services.history import Happened
from catalog.services.item_history import Entry, history
from catalog.services.project import project
from catalog.services.publish import Wanted, change_visibility
from catalog.services.read import read
from catalog.services.restore import restore
from catalog.services.revise import revise
from catalog.services.revisions import read_revision
from catalog.services.withdraw import withdraw
from catalog.tables import Doi, Permission
from tests.catalogs import Catalog, catalog_in, description, now

ANY = frozenset("*")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    made = catalog_in(tmp_path_factory.mktemp("history"))
    yield made
    made.parts.database.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Catalog]:
    made = catalog_in(tmp_path)
    yield made
    made.parts.database.close()


def begin(catalog: Catalog, item_id: str) -> None:
    begin_version(catalog.parts, catalog.actor, item_id, expected=ANY, now=now())


def happened(catalog: Catalog, item_id: str, actor: Actor | None = None) -> tuple[Entry, ...]:
    found = history(catalog.parts, actor or catalog.actor, item_id, cursor=None, limit=50)
    return found.entries


def kinds(entries: tuple[Entry, ...]) -> list[tuple[str, str | None, str | None]]:
    return [(entry.kind.value, entry.name, entry.before) for entry in entries]


def member(catalog: Catalog, name: str, *, item_id: str, right: str | None = None) -> Actor:
    """Return a member, to whom a right on an item may be granted."""
    token = create_token(catalog.parts, name, Role.MEMBER, now=now())
    if right:
        with catalog.parts.database.writing() as session:
            session.add(
                Permission(item_id=item_id, grantee_type="USER", grantee=name, permission=right)
            )
    return actor_of_token(catalog.parts, token, now=now())


def lived(catalog: Catalog) -> str:
    """Return an item with two public versions, each of them revised, and an open draft."""
    one = catalog.submit("Draft of one", published=False).id
    catalog.revise(one, "One")
    catalog.publish(one)
    catalog.revise(one, "One, corrected")
    begin(catalog, one)
    catalog.revise(one, "Two")
    catalog.upload(one, "a.csv", b"1,2")
    catalog.publish(one)
    begin(catalog, one)
    catalog.revise(one, "Three, still secret")
    return one


@pytest.fixture(scope="module")
def past(catalog: Catalog) -> str:
    """Return an item with such a past, which nobody changes any more."""
    return lived(catalog)


def test_the_owner_is_told_everything_the_latest_first(catalog: Catalog, past: str) -> None:
    assert kinds(happened(catalog, past)) == [
        ("revised", "3.2", "3.1"),
        ("version-begun", "3.1", None),
        ("published", "2.2", "v/1"),
        ("file-kept", None, None),
        ("revised", "2.2", "2.1"),
        ("version-begun", "2.1", None),
        ("revised", "1.3", "1.2"),
        ("published", "1.2", None),
        ("revised", "1.2", "1.1"),
        ("submitted", "1.1", None),
    ]


def test_others_are_told_what_was_public_when_it_was_public(catalog: Catalog, past: str) -> None:
    assert kinds(happened(catalog, past, ANYONE)) == [
        ("published", "2.2", "v/1"),
        ("revised", "1.3", "1.2"),
        ("published", "1.2", None),
    ]


def test_what_a_change_changed_is_told_by_its_properties(catalog: Catalog, past: str) -> None:
    revised = [e for e in happened(catalog, past, ANYONE) if e.kind is Happened.REVISED]
    assert [entry.changed for entry in revised] == [("http://purl.org/dc/terms/title",)]


def test_pages_of_the_history_join_without_gap_or_repetition(catalog: Catalog, past: str) -> None:
    found: list[Entry] = []
    cursor = None
    while True:
        page = history(catalog.parts, catalog.actor, past, cursor=cursor, limit=3)
        found += page.entries
        cursor = page.next
        if cursor is None:
            break
    assert tuple(found) == happened(catalog, past)


@pytest.mark.parametrize("cursor", ["", "?", "LTE", "eA", "9" * 400])
def test_a_cursor_that_is_none_of_ours_is_refused(catalog: Catalog, cursor: str) -> None:
    one = catalog.submit("Paged").id
    if not cursor:
        assert history(catalog.parts, ANYONE, one, cursor=cursor, limit=1).entries
        return
    with pytest.raises(Unreadable):
        history(catalog.parts, ANYONE, one, cursor=cursor, limit=1)


@pytest.mark.parametrize("name", ["1.2", "1.3", "2.2"])
def test_revisions_that_were_public_are_read_by_everybody(
    catalog: Catalog, past: str, name: str
) -> None:
    n, r = map(int, name.split("."))
    found = read_revision(catalog.parts, ANYONE, past, n, r)
    assert found.name == name
    assert found.record.title == {"1.2": "One", "1.3": "One, corrected", "2.2": "Two"}[name]
    assert found.is_current == (name != "1.2")
    assert found.record.type == "training-data"


@pytest.mark.parametrize("name", ["1.1", "2.1", "3.1", "3.2", "1.4", "4.1", "1.999999999"])
def test_others_are_as_if_they_were_not_there(catalog: Catalog, past: str, name: str) -> None:
    n, r = map(int, name.split("."))
    with pytest.raises(NotFound):
        read_revision(catalog.parts, ANYONE, past, n, r)


def test_who_was_granted_to_read_sees_no_draft_of_the_past(catalog: Catalog) -> None:
    one = lived(catalog)
    reader = member(catalog, "rea", item_id=one, right="READ")
    assert read(catalog.parts, reader, one).record.version == 3
    assert kinds(happened(catalog, one, reader)) == kinds(happened(catalog, one, ANYONE))
    with pytest.raises(NotFound):
        read_revision(catalog.parts, reader, one, 3, 1)


def test_who_may_write_is_told_as_much_as_the_owner(catalog: Catalog) -> None:
    one = lived(catalog)
    writer = member(catalog, "wri", item_id=one, right="FULL_CONTROL")
    assert kinds(happened(catalog, one, writer)) == kinds(happened(catalog, one))


def test_what_is_published_for_few_has_its_history_for_those(catalog: Catalog) -> None:
    one = catalog.submit("For few", published=False).id
    reader = member(catalog, "few", item_id=one, right="READ")
    catalog.publish(one, Visibility.PRIVATE)
    catalog.revise(one, "For few, corrected")
    assert kinds(happened(catalog, one, reader)) == [
        ("revised", "1.2", "1.1"),
        ("published", "1.1", None),
    ]
    with pytest.raises(NotFound):
        history(catalog.parts, ANYONE, one, cursor=None, limit=5)


def test_what_became_public_later_shows_nothing_from_before(catalog: Catalog) -> None:
    one = catalog.submit("Private first", published=False).id
    catalog.publish(one, Visibility.PRIVATE)
    catalog.revise(one, "Not yet")
    change_visibility(catalog.parts, catalog.actor, Wanted(one, ANY), Visibility.PUBLIC, now=now())
    catalog.revise(one, "Public now")
    assert kinds(happened(catalog, one, ANYONE)) == [
        ("revised", "1.3", "1.2"),
        ("visibility-changed", None, None),
    ]
    with pytest.raises(NotFound):
        read_revision(catalog.parts, ANYONE, one, 1, 1)


def test_a_draft_that_was_deleted_leaves_no_revision_to_read(catalog: Catalog) -> None:
    one = catalog.submit("Begun twice").id
    begin(catalog, one)
    catalog.revise(one, "Given up")
    catalog.delete(one)
    begin(catalog, one)
    assert kinds(happened(catalog, one))[:4] == [
        ("version-begun", "2.1", None),
        ("deleted", None, None),
        ("revised", None, None),
        ("version-begun", None, None),
    ]
    assert kinds(happened(catalog, one, ANYONE)) == [("published", "1.1", None)]


def test_names_of_other_accounts_are_told_to_who_may_write_only(catalog: Catalog) -> None:
    one = catalog.submit("Two hands").id
    writer = member(catalog, "helper", item_id=one, right="FULL_CONTROL")
    revise(
        catalog.parts, writer, one, description("By another"), "text/turtle",
        expected=ANY, now=now(),
    )  # fmt: skip
    assert [entry.by for entry in happened(catalog, one)][:2] == ["helper", catalog.actor.name]
    assert [entry.by for entry in happened(catalog, one, ANYONE)] == ["", catalog.actor.name]
    assert read_revision(catalog.parts, ANYONE, one, 1, 2).by == ""


def test_of_a_withdrawn_version_the_history_stays_and_the_content_is_closed(
    catalog: Catalog,
) -> None:
    one = lived(catalog)
    withdraw(catalog.parts, catalog.actor, one, reason="bad", expected=ANY, now=now(), n=2)
    for actor in (ANYONE, catalog.actor):
        told = {e.kind: e for e in happened(catalog, one, actor) if e.version == 2}
        assert told[Happened.WITHDRAWN].detail["reason"] == "bad"
        assert told[Happened.PUBLISHED].name is None
        with pytest.raises(Gone):
            read_revision(catalog.parts, actor, one, 2, 2)
        with pytest.raises(Gone):
            compare(catalog.parts, actor, one, "v/1", "v/2")
    with pytest.raises(Gone):
        restore(catalog.parts, catalog.actor, one, "2.2", expected=ANY, now=now())


def test_of_what_is_withdrawn_altogether_nothing_is_told(catalog: Catalog) -> None:
    one = catalog.submit("Gone").id
    catalog.withdraw(one)
    for actor in (ANYONE, catalog.actor):
        with pytest.raises(Gone):
            history(catalog.parts, actor, one, cursor=None, limit=5)
        with pytest.raises(Gone):
            compare(catalog.parts, actor, one, "1.1", "1.1")
        with pytest.raises(Gone):
            read_revision(catalog.parts, actor, one, 1, 1)


# -- comparing


def test_versions_are_compared_with_their_files(catalog: Catalog, past: str) -> None:
    found = compare(catalog.parts, ANYONE, past, "v/1", "v/2")
    assert (found.before.name, found.after.name) == ("1.3", "2.2")
    (change,) = found.difference.changes
    assert (change.removed, change.added) == (('"One, corrected"@en',), ('"Two"@en',))
    (file,) = found.files.changes
    assert file.before is None
    assert file.after is not None
    assert file.after.name == "a.csv"
    assert found.files.totals == (0, 1, 0)


def test_files_that_went_and_files_of_other_bytes_are_told(catalog: Catalog) -> None:
    one = catalog.submit("Files", published=False).id
    catalog.upload(one, "goes.txt", b"x")
    catalog.upload(one, "changes.txt", b"x")
    catalog.upload(one, "stays.txt", b"x")
    catalog.publish(one)
    begin(catalog, one)
    catalog.upload(one, "changes.txt", b"y")
    found = compare(catalog.parts, catalog.actor, one, "v/1", "v/2")
    assert found.files.totals == (0, 0, 1)
    back = compare(catalog.parts, catalog.actor, one, "v/2", "v/1")
    assert [(c.before and c.before.name, c.after and c.after.name) for c in back.files.changes] == [
        ("changes.txt", "changes.txt")
    ]


def test_without_names_the_newest_is_compared_with_what_came_before(
    catalog: Catalog, past: str
) -> None:
    for actor, pair in ((ANYONE, ("1.3", "2.2")), (catalog.actor, ("2.2", "3.2"))):
        found = compare(catalog.parts, actor, past, None, None)
        assert (found.before.name, found.after.name) == pair
    alone = catalog.submit("Only past").id
    found = compare(catalog.parts, ANYONE, alone, None, None)
    assert found.difference.changes == ()


@pytest.mark.parametrize("name", ["1", "v1", "v/1", "1.3"])
def test_a_version_is_named_in_several_ways(catalog: Catalog, past: str, name: str) -> None:
    assert compare(catalog.parts, ANYONE, past, name, "2.2").before.name == "1.3"


@pytest.mark.parametrize("name", ["x", "0", "0.1", "1.0", "v/1.2", "1.2.3", "-1", "1." + "9" * 30])
def test_what_is_no_name_of_a_revision_is_refused(catalog: Catalog, name: str) -> None:
    one = catalog.submit("Named").id
    with pytest.raises(Unreadable, match="a revision such as"):
        compare(catalog.parts, ANYONE, one, name, None)


# -- restoring


def test_an_earlier_description_comes_back_as_a_new_revision(catalog: Catalog) -> None:
    one = catalog.submit("First", published=False).id
    catalog.revise(one, "Second")
    record = restore(catalog.parts, catalog.actor, one, "1.1", expected=ANY, now=now())
    assert (record.title, record.revision) == ("First", 3)
    first = happened(catalog, one)[0]
    assert (first.kind, first.name, first.detail) == (
        Happened.REVISED, "1.3", {"restored": "1.1"},
    )  # fmt: skip
    assert read_revision(catalog.parts, catalog.actor, one, 1, 2).record.title == "Second"


def test_a_description_of_an_earlier_version_comes_back_in_the_draft(catalog: Catalog) -> None:
    one = lived(catalog)
    record = restore(catalog.parts, catalog.actor, one, "v/1", expected=ANY, now=now())
    assert (record.version, record.title, record.state) == (3, "One, corrected", State.DRAFT)
    assert read(catalog.parts, ANYONE, one).record.title == "Two"


def test_what_it_says_already_is_restored_without_a_new_revision(catalog: Catalog) -> None:
    one = catalog.submit("Same").id
    before = len(happened(catalog, one))
    record = restore(catalog.parts, catalog.actor, one, "1.1", expected=ANY, now=now())
    assert record.revision == 1
    assert len(happened(catalog, one)) == before


def test_what_is_published_is_corrected_by_restoring_and_stays_indexed(alone: Catalog) -> None:
    one = alone.submit("Right").id
    alone.revise(one, "Wrong")
    restore(alone.parts, alone.actor, one, "1.1", expected=ANY, now=now())
    assert graph_of(alone, one)[f"{DCT}title"] == {'"Right"@en'}
    assert all(check.ok for check in alone.examined(deep=True).values())


def test_what_would_not_be_accepted_today_is_not_restored(catalog: Catalog) -> None:
    one = catalog.submit("Incomplete", published=False).id
    incomplete = description("Incomplete").replace(b"  dct:license spdx-license:MIT ;\n", b"")
    revise(catalog.parts, catalog.actor, one, incomplete, "text/turtle", expected=ANY, now=now())
    catalog.revise(one, "Complete")
    catalog.publish(one)
    with pytest.raises(NotConforming):
        restore(catalog.parts, catalog.actor, one, "1.2", expected=ANY, now=now())
    assert read(catalog.parts, ANYONE, one).record.title == "Complete"


def test_another_type_is_not_restored_into_what_is_published(catalog: Catalog) -> None:
    one = catalog.submit("Changes its type", published=False).id
    other = (
        b'<> a <https://w3id.org/sage/ns#Collection> ; <http://purl.org/dc/terms/title> "C"@en .'
    )
    revise(catalog.parts, catalog.actor, one, other, "text/turtle", expected=ANY, now=now())
    catalog.revise(one, "Data")
    catalog.publish(one)
    with pytest.raises(NotAcceptable):
        restore(catalog.parts, catalog.actor, one, "1.2", expected=ANY, now=now())


def test_only_who_may_write_restores_and_only_what_they_read_last(catalog: Catalog) -> None:
    one = lived(catalog)
    with pytest.raises(Unauthenticated):
        restore(catalog.parts, ANYONE, one, "1.2", expected=ANY, now=now())
    other = member(catalog, "oth", item_id=one)
    with pytest.raises(Forbidden):
        restore(catalog.parts, other, one, "1.2", expected=ANY, now=now())
    with pytest.raises(MovedOn):
        restore(catalog.parts, catalog.actor, one, "1.2", expected=frozenset({"1.1"}), now=now())
    with pytest.raises(NotFound):
        restore(catalog.parts, catalog.actor, one, "1.9", expected=ANY, now=now())
    with pytest.raises(Unreadable):
        restore(catalog.parts, catalog.actor, one, "latest", expected=ANY, now=now())


# -- what the graph says of versions and DOIs


def test_the_graph_names_the_version_before_and_the_current_one(alone: Catalog) -> None:
    one = lived(alone)
    base = f"<{alone.parts.settings.base}items/{one}"
    said = graph_of(alone, one)
    assert said[f"{DCAT}previousVersion"] == {f"{base}/v/1>"}
    assert said[f"{DCAT}hasCurrentVersion"] == {f"{base}/v/2>"}
    withdraw(alone.parts, alone.actor, one, reason="bad", expected=ANY, now=now(), n=1)
    said = graph_of(alone, one)
    assert f"{DCAT}previousVersion" not in said
    assert said[f"{DCAT}hasCurrentVersion"] == {f"{base}/v/2>"}


def test_the_graph_says_the_published_classes_of_its_type(alone: Catalog) -> None:
    said = graph_of(alone, alone.submit("Classes").id)
    wanted = {"https://w3id.org/sage/ns#TrainingDataset", f"{DCAT}Dataset", f"{DCAT}Resource"}
    assert {f"<{iri}>" for iri in wanted} <= said[RDF_TYPE]


def test_the_graph_names_a_doi_as_soon_as_it_can_be_found(alone: Catalog) -> None:
    one = alone.submit("With a DOI").id
    with alone.parts.database.writing() as session:
        for n, state in ((0, DoiState.FINDABLE), (1, DoiState.REGISTERING)):
            doi = f"10.5072/sage.{one}" + (".v1" if n else "")
            session.merge(Doi(item_id=one, n=n, doi=doi, state=state.value, problem=None))
    alone.revise(one, "With a DOI that is found")
    said = graph_of(alone, one)
    assert said["http://www.w3.org/2004/02/skos/core#notation"] == {f'"10.5072/sage.{one}"'}
    (agency,) = said["http://www.w3.org/ns/adms#schemaAgency"]
    assert "does not resolve" in agency


DCT = "http://purl.org/dc/terms/"
DCAT = "http://www.w3.org/ns/dcat#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def graph_of(catalog: Catalog, item_id: str) -> dict[str, set[str]]:
    """Return what the graph says of an item, by property, once the relay has shown it."""
    catalog.settle()
    with catalog.parts.database.reading() as session:
        text = project(session, catalog.parts, [item_id]).graphs[item_id] or ""
    assert catalog.examined()["graphs"].ok
    found: dict[str, set[str]] = {}
    for _, predicate, value in statements_of(text):
        found.setdefault(predicate[1:-1], set()).add(value)
    return found
