"""Record and object store are brought together again, and nothing that is needed is removed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from catalog.domain.errors import Unavailable
from catalog.domain.permissions import Actor, Role
from catalog.parts import Parts
from catalog.ports import Part
from catalog.services.begin_upload import Announced, begin_upload
from catalog.services.download import find_file, read_file
from catalog.services.garbage import (
    Cleared,
    clear_garbage,
    mark_orphans,
    mark_orphans_daily,
    waiting,
)
from catalog.services.invariants_of_objects import Wrong
from catalog.services.read import read
from catalog.services.reconcile_objects import Reconciliation, reconcile_objects
from catalog.services.upload import Upload as Sent
from catalog.services.upload import upload
from catalog.tables import File, Fixity, Garbage, Item, Reservation, Upload, Version
from tests.catalogs import Catalog, catalog_in, now, parts_of

LATER = timedelta(days=2)
ORPHAN = "o/0000000000/" + "0" * 32


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with an item of two files, to be copied."""
    catalog = catalog_in(tmp_path_factory.mktemp("begun"))
    kept = catalog.submit("With files", published=False)
    catalog.upload(kept.id, "a", b"the first")
    catalog.upload(kept.id, "b", b"the second")
    return catalog.folder


@pytest.fixture
def catalog(begun: Path, tmp_path: Path) -> Catalog:
    folder = tmp_path / "data"
    shutil.copytree(begun, folder)
    return Catalog(folder, parts_of(folder), Actor(account=1, name="ana", role=Role.ADMIN))


def reconciled(catalog: Catalog, *, after: timedelta = LATER, **how: bool) -> Reconciliation:
    return reconcile_objects(catalog.parts, now=now() + after, **how)


def kinds(found: Reconciliation) -> list[str]:
    return sorted(one.fault.kind.value for one in found.differences)


def item_of(catalog: Catalog) -> str:
    with catalog.parts.database.reading() as session:
        return session.scalars(select(Item.id)).one()


def key_of(catalog: Catalog, name: str = "a") -> str:
    with catalog.parts.database.reading() as session:
        return session.scalars(select(File.key).where(File.name == name)).one()


def path_of(catalog: Catalog, name: str = "a") -> Path:
    path = catalog.folder / "objects" / key_of(catalog, name)
    path.chmod(0o600)
    return path


def keys(catalog: Catalog) -> set[str]:
    return {entry.key for entry in catalog.parts.objects.listing()}


def change(catalog: Catalog, *statements: Any) -> None:
    with catalog.parts.database.writing() as session:
        for statement in statements:
            session.execute(statement)


def begin(catalog: Catalog, name: str = "in parts") -> str:
    said = Announced(name, 10, "0" * 64)
    return begin_upload(catalog.parts, catalog.actor, item_of(catalog), said, now=now())[0].id


def plant_orphan(catalog: Catalog) -> None:
    catalog.parts.objects.put(ORPHAN, BytesIO(b"orphan"), 6)


def plant_parts(catalog: Catalog) -> None:
    upload_id = begin(catalog)
    part = catalog.parts.objects
    part.put_part(upload_id, Part(1, 0, 10), BytesIO(b"0123456789"), None)
    change(catalog, delete(Upload), delete(Reservation))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def turn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


SAFE: dict[str, Callable[[Catalog], object]] = {
    "orphan": plant_orphan,
    "orphan-parts": plant_parts,
    "wrong-count": lambda catalog: change(catalog, update(Item).values(kept_bytes=1)),
    "never-read": lambda catalog: change(
        catalog, delete(Fixity).where(Fixity.key == key_of(catalog))
    ),
    "marked-though-named": lambda catalog: change(
        catalog, insert(Garbage).values(key=key_of(catalog), why="orphan", since=now())
    ),
    "expired-reservation": lambda catalog: change(
        catalog,
        insert(Reservation).values(
            id="1" * 32, account_id=1, item_id=item_of(catalog), size_bytes=5, expires=now()
        ),
    ),
}

FOR_PEOPLE: dict[str, Callable[[Catalog], object]] = {
    "missing": lambda catalog: path_of(catalog).unlink(),
    "wrong-size": lambda catalog: cut(path_of(catalog)),
    "wrong-hash": lambda catalog: turn(path_of(catalog)),
}


def test_what_is_well_has_no_differences(catalog: Catalog) -> None:
    found = reconciled(catalog, deep=True)
    assert found.is_clean
    assert found.examined > 5
    assert found.to_text().startswith("good ")


@pytest.mark.parametrize("kind", SAFE)
def test_what_is_safe_is_told_first_and_put_right_when_asked(catalog: Catalog, kind: str) -> None:
    SAFE[kind](catalog)
    told = reconciled(catalog)
    assert kinds(told) == [kind]
    assert not told.differences[0].is_fixed
    assert kinds(reconciled(catalog, fix=True)) == [kind]
    assert reconciled(catalog, deep=True).is_clean
    catalog.clear()
    assert reconciled(catalog, deep=True).is_clean


@pytest.mark.parametrize("kind", FOR_PEOPLE)
def test_what_a_person_must_decide_is_named_and_seen_when_it_is_done(
    catalog: Catalog, kind: str
) -> None:
    path = path_of(catalog)
    kept = path.read_bytes()
    FOR_PEOPLE[kind](catalog)
    found = reconciled(catalog, fix=True, deep=True)
    assert kinds(found) == [kind]
    assert key_of(catalog) in found.differences[0].remedy
    assert not found.differences[0].is_fixed
    assert kinds(reconciled(catalog, fix=True, deep=True)) == [kind]
    path.write_bytes(kept)
    assert reconciled(catalog, fix=True).repaired == (f"File a of {item_of(catalog)} version 1",)
    assert find_file(catalog.parts, catalog.actor, item_of(catalog), "a")


def test_an_upload_that_nobody_completes_is_abandoned(catalog: Catalog) -> None:
    begin(catalog)
    assert reconciled(catalog).is_clean
    found = reconciled(catalog, after=timedelta(days=8), fix=True)
    assert kinds(found) == ["abandoned-upload", "expired-reservation"]
    assert reconciled(catalog, after=timedelta(days=8)).is_clean


def test_an_orphan_is_never_listed_and_deleted_in_one_step(catalog: Catalog) -> None:
    plant_orphan(catalog)
    assert kinds(reconciled(catalog, fix=True, at_once=True)) == ["orphan"]
    assert ORPHAN in keys(catalog)
    assert reconciled(catalog, fix=True, at_once=True).cleared == Cleared(1, 6)
    assert ORPHAN not in keys(catalog)


def test_an_object_of_today_may_be_of_an_upload_on_its_way(catalog: Catalog) -> None:
    plant_orphan(catalog)
    assert mark_orphans(catalog.parts, now() + timedelta(hours=23)) == 0
    assert mark_orphans(catalog.parts, now() + timedelta(hours=25)) == 1


def test_a_store_is_listed_for_orphans_once_a_day(catalog: Catalog) -> None:
    mark_orphans_daily(catalog.parts, now() + timedelta(hours=1))
    plant_orphan(catalog)
    mark_orphans_daily(catalog.parts, now() + timedelta(hours=24))
    assert waiting_for_removal(catalog) == 0
    mark_orphans_daily(catalog.parts, now() + timedelta(hours=26))
    assert waiting_for_removal(catalog) == 1


def waiting_for_removal(catalog: Catalog) -> int:
    with catalog.parts.database.reading() as session:
        return waiting(session).objects


def test_bytes_of_what_is_deleted_stay_for_the_grace_and_take_no_quota(catalog: Catalog) -> None:
    before = keys(catalog)
    catalog.delete(item_of(catalog))
    clear_garbage(catalog.parts, now() + timedelta(days=6, hours=23))
    assert keys(catalog) == before
    found = reconciled(catalog)
    assert (found.is_clean, found.waiting.objects, found.waiting.size_bytes) == (True, 2, 19)
    assert clear_garbage(catalog.parts, now() + timedelta(days=7, hours=1)) == Cleared(2, 19)
    assert keys(catalog) == set()


def test_what_is_replaced_is_marked_and_what_is_refused_is_removed_at_once(
    catalog: Catalog,
) -> None:
    item_id, old = item_of(catalog), key_of(catalog)
    catalog.upload(item_id, "a", b"another")
    assert old in keys(catalog)
    assert waiting_for_removal(catalog) == 1
    before = keys(catalog)
    sent = Sent("c", BytesIO(b"cut"), 3, "0" * 64, None)
    with pytest.raises(Exception, match="SHA-256"):
        upload(catalog.parts, catalog.actor, item_id, sent, now=now())
    assert keys(catalog) == before


def test_a_full_store_is_emptied_of_what_is_marked_without_waiting(catalog: Catalog) -> None:
    catalog.delete(item_of(catalog))
    assert reconciled(catalog, at_once=True, after=timedelta(seconds=1)).cleared.objects == 2
    assert keys(catalog) == set()


def test_what_is_named_after_all_is_not_removed(catalog: Catalog) -> None:
    SAFE["marked-though-named"](catalog)
    assert clear_garbage(catalog.parts, now() + timedelta(days=30)) == Cleared()
    assert waiting_for_removal(catalog) == 0
    _, file = find_file(catalog.parts, catalog.actor, item_of(catalog), "a")
    assert b"".join(read_file(catalog.parts, file)) == b"the first"


def test_an_object_of_an_upload_that_is_being_checked_is_no_orphan(catalog: Catalog) -> None:
    upload_id = begin(catalog)
    with catalog.parts.database.reading() as session:
        key = session.get_one(Upload, upload_id).key
    catalog.parts.objects.put(key, BytesIO(b"0123456789"), 10)
    assert mark_orphans(catalog.parts, now() + LATER) == 0


class Stopping:
    """The object store, which ends the process at the removal of an object, or is away."""

    def __init__(self, real: Any, fault: type[BaseException], *, after: bool) -> None:
        self._real = real
        self._fault = fault
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def delete(self, key: str) -> None:
        if self._after:
            self._real.delete(key)
        raise self._fault("ended")


def stopping(parts: Parts, fault: type[BaseException], *, after: bool = False) -> Parts:
    objects: Any = Stopping(parts.objects, fault, after=after)
    return replace(parts, objects=objects)


@pytest.mark.parametrize("after", [False, True])
def test_who_is_killed_at_a_removal_leaves_what_can_be_gone_on_with(
    catalog: Catalog, after: bool
) -> None:
    catalog.delete(item_of(catalog))
    at = now() + timedelta(days=8)
    with pytest.raises(KeyboardInterrupt):
        clear_garbage(stopping(catalog.parts, KeyboardInterrupt, after=after), at)
    assert waiting_for_removal(catalog) == 2
    clear_garbage(catalog.parts, at)
    assert (keys(catalog), waiting_for_removal(catalog)) == (set(), 0)
    assert reconciled(catalog).is_clean


def test_a_store_that_is_away_is_asked_again_later(catalog: Catalog) -> None:
    catalog.delete(item_of(catalog))
    at = now() + timedelta(days=8)
    assert clear_garbage(stopping(catalog.parts, Unavailable), at) == Cleared()
    assert clear_garbage(catalog.parts, at) == Cleared(2, 19)


def test_nothing_names_again_what_is_being_removed(catalog: Catalog) -> None:
    item_id, key = item_of(catalog), key_of(catalog)
    change(catalog, insert(Garbage).values(key=key, why="orphan", since=now(), taken=now()))
    with pytest.raises(Unavailable, match="once more"):
        catalog.upload(item_id, "same as a", b"the first")
    with catalog.parts.database.reading() as session:
        assert session.scalars(select(File.name)).all() == ["a", "b"]


def test_two_at_once_do_no_harm(catalog: Catalog) -> None:
    plant_orphan(catalog)
    change(catalog, update(Item).values(kept_files=9), update(Version).values(files_total=9))
    met: list[Reconciliation] = []

    def meet(name: str) -> None:
        if name == "repairs" and not met:
            met.append(reconciled(catalog, fix=True))

    found = reconcile_objects(catalog.parts, now=now() + LATER, fix=True, progress=meet)
    assert kinds(found) == kinds(met[0])
    assert {one.fault.kind for one in found.differences} == {Wrong.ORPHAN, Wrong.COUNT}
    assert reconciled(catalog).is_clean
    assert read(catalog.parts, catalog.actor, item_of(catalog)).record.files_total == 2


def test_a_repair_that_is_ended_in_the_middle_is_gone_on_with(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    SAFE["wrong-count"](catalog)
    SAFE["never-read"](catalog)

    def ended(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("catalog.services.reconcile_objects.enrol", ended)
        with pytest.raises(KeyboardInterrupt):
            reconciled(catalog, fix=True)
    assert kinds(reconciled(catalog, fix=True)) == ["never-read"]
    assert reconciled(catalog).is_clean


def test_a_store_that_does_not_answer_is_no_difference(catalog: Catalog) -> None:
    (catalog.folder / "objects" / "o").rename(catalog.folder / "objects" / "away")
    with pytest.raises(Unavailable):
        reconciled(catalog, fix=True)
    (catalog.folder / "objects" / "away").rename(catalog.folder / "objects" / "o")
    assert reconciled(catalog).is_clean


def test_the_text_says_of_each_what_is_to_be_done(catalog: Catalog) -> None:
    plant_orphan(catalog)
    path_of(catalog).unlink()
    text = reconciled(catalog).to_text()
    assert "FOUND  File a of " in text
    assert "from a backup" in text
    assert f"FOUND  {ORPHAN}, 6 bytes, belongs to no file." in text
    assert datetime.fromisoformat(reconciled(catalog, fix=True).to_dict()["waiting"]["oldest"])
