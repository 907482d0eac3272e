"""What accounts and items may keep: counted to the byte, and never more, whoever is faster."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from io import BytesIO

import pytest
from sqlalchemy import func, select, text, update

from catalog.domain.errors import CatalogError, ChecksumMismatch, TooLarge
from catalog.services import quotas
from catalog.services.abandon_upload import abandon_upload, clear_uploads
from catalog.services.begin_upload import Announced, begin_upload
from catalog.services.begin_version import begin_version
from catalog.services.complete_upload import complete_upload
from catalog.services.quotas import Usage, usage_of
from catalog.services.receive_part import receive_part
from catalog.services.upload import Upload, remove_file, upload
from catalog.tables import File, Item, Reservation, Version
from tests.catalogs import Catalog, catalog_in, now

QUOTA = 10_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return catalog_in(tmp_path_factory.mktemp("quotas"))


@pytest.fixture
def catalog(made: Catalog) -> Catalog:
    """The same catalog, whose account may keep so much more than it keeps by now."""
    used = kept_by(made)
    return limited(made, quota_bytes=used.size_bytes + QUOTA, quota_files=used.files + 50)


def limited(catalog: Catalog, **limits: int) -> Catalog:
    settings = replace(catalog.parts.settings, **limits)
    return replace(catalog, parts=replace(catalog.parts, settings=settings))


def kept_by(catalog: Catalog) -> Usage:
    assert catalog.actor.account is not None
    return usage_of(catalog.parts, catalog.actor.account, now=now())


def begun(catalog: Catalog, item_id: str, name: str, size_bytes: int) -> str:
    said = Announced(name, size_bytes, hashlib.sha256(bytes(size_bytes)).hexdigest())
    made, _ = begin_upload(catalog.parts, catalog.actor, item_id, said, now=now())
    return made.id


def assert_counts_are_true(catalog: Catalog) -> None:
    """Compare what is counted with what a recount finds, for every item and version."""
    with catalog.parts.database.reading() as session:
        for item in session.scalars(select(Item)):
            rows = session.execute(
                select(File.key, File.size_bytes).where(File.item_id == item.id).distinct()
            ).all()
            assert (item.kept_files, item.kept_bytes) == (len(rows), sum(size for _, size in rows))
        for version in session.scalars(select(Version)):
            names = select(func.count()).select_from(File)
            of_version = names.where(File.item_id == version.item_id, File.n == version.n)
            assert session.scalar(of_version) == version.files_total


def test_what_is_kept_is_counted_once_whatever_happens_to_it(catalog: Catalog) -> None:
    before = kept_by(catalog)
    one = catalog.submit("Counted", published=False)
    catalog.upload(one.id, "a", b"1" * 100)
    catalog.upload(one.id, "b", b"2" * 50)
    catalog.upload(one.id, "a", b"3" * 30)
    catalog.upload(one.id, "copy of b", b"2" * 50)
    assert kept_by(catalog).size_bytes - before.size_bytes == 80
    assert kept_by(catalog).files - before.files == 2
    catalog.publish(one.id)
    begin_version(catalog.parts, catalog.actor, one.id, expected=frozenset("*"), now=now())
    assert_counts_are_true(catalog)
    catalog.upload(one.id, "a", b"4" * 10)
    catalog.upload(one.id, "b", b"2" * 50)
    remove_file(catalog.parts, catalog.actor, one.id, "copy of b", now=now())
    assert_counts_are_true(catalog)
    assert kept_by(catalog).size_bytes - before.size_bytes == 90
    catalog.delete(one.id)
    assert_counts_are_true(catalog)
    assert kept_by(catalog).size_bytes - before.size_bytes == 80


def test_the_same_bytes_are_kept_once_within_the_versions_of_an_item(catalog: Catalog) -> None:
    one, other = (catalog.submit("Same", published=False) for _ in range(2))
    catalog.upload(one.id, "a", b"the same")
    catalog.publish(one.id)
    begin_version(catalog.parts, catalog.actor, one.id, expected=frozenset("*"), now=now())
    catalog.upload(one.id, "a", b"the same")
    catalog.upload(one.id, "b", b"the same")
    catalog.upload(other.id, "a", b"the same")
    assert len(keys_of(catalog, one.id)) == 1
    assert keys_of(catalog, one.id).isdisjoint(keys_of(catalog, other.id))
    catalog.delete(one.id)
    assert len(keys_of(catalog, one.id)) == 1


def keys_of(catalog: Catalog, item_id: str) -> set[str]:
    with catalog.parts.database.reading() as session:
        return set(session.scalars(select(File.key).where(File.item_id == item_id)))


def test_bytes_that_the_store_has_lost_are_kept_anew(catalog: Catalog) -> None:
    one = catalog.submit("Lost", published=False)
    catalog.upload(one.id, "a", b"lost and found")
    (lost,) = catalog.parts.objects.listing(f"o/{one.id}/")
    catalog.parts.objects.delete(lost.key)
    catalog.upload(one.id, "a", b"lost and found")
    (found,) = keys_of(catalog, one.id)
    assert found != lost.key
    assert catalog.parts.objects.size(found) == len(b"lost and found")
    assert_counts_are_true(catalog)


@pytest.mark.parametrize(
    ("limits", "names", "limit"),
    [
        ({"item_bytes": 100}, ["a" * 40, "b" * 61], "item_bytes"),
        ({"item_files": 2}, ["a", "b", "c"], "item_files"),
        ({"quota_bytes": 1}, ["ab"], "quota_bytes"),
        ({"quota_files": 1}, ["ab"], "quota_files"),
    ],
)
def test_a_limit_is_named_with_what_is_used(
    made: Catalog, limits: dict[str, int], names: list[str], limit: str
) -> None:
    catalog = limited(made, **limits)
    one = catalog.submit("Limited", published=False)
    for content in names[:-1]:
        catalog.upload(one.id, content[:9], content.encode())
    with pytest.raises(TooLarge) as refused:
        catalog.upload(one.id, names[-1][:9], names[-1].encode())
    assert refused.value.evidence["limit"] == limit
    assert refused.value.evidence["quota"] == limits[limit]
    with pytest.raises(TooLarge):
        begun(catalog, one.id, names[-1][:9], len(names[-1]))
    assert_counts_are_true(catalog)
    assert len(list(catalog.parts.objects.listing(f"o/{one.id}/"))) == len(names) - 1


def test_a_file_in_place_of_another_needs_only_the_difference(catalog: Catalog) -> None:
    one = catalog.submit("Replaced", published=False)
    catalog.upload(one.id, "a", bytes(QUOTA - 10))
    catalog.upload(one.id, "a", bytes(QUOTA))
    with pytest.raises(TooLarge):
        catalog.upload(one.id, "a", bytes(QUOTA + 1))
    catalog.upload(one.id, "a", b"")


@pytest.mark.parametrize("reserved_from", [0, 1 << 30])
def test_of_uploads_for_the_last_bytes_exactly_one_wins(
    catalog: Catalog, reserved_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "_RESERVED_FROM_BYTES", reserved_from)
    items = [catalog.submit("Raced", published=False).id for _ in range(4)]
    start = threading.Barrier(4)

    def send(item_id: str) -> bool:
        content = item_id.encode().ljust(QUOTA - 100, b".")
        sent = Upload("a", BytesIO(content), len(content), None, None)
        start.wait()
        try:
            upload(catalog.parts, catalog.actor, item_id, sent, now=now())
        except TooLarge:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(send, items))
    assert won.count(True) == 1
    for item_id, is_kept in zip(items, won, strict=True):
        assert len(list(catalog.parts.objects.listing(f"o/{item_id}/"))) == is_kept
    assert_counts_are_true(catalog)
    assert kept_by(catalog).reserved_bytes == 0


def test_of_uploads_in_parts_for_the_last_bytes_exactly_one_begins(catalog: Catalog) -> None:
    items = [catalog.submit("Raced in parts", published=False).id for _ in range(4)]
    start = threading.Barrier(4)

    def begin(item_id: str) -> str | None:
        start.wait()
        try:
            return begun(catalog, item_id, "a", QUOTA - 100)
        except TooLarge:
            return None

    with ThreadPoolExecutor(4) as threads:
        won = dict(zip(items, threads.map(begin, items), strict=True))
    ((item_id, upload_id),) = [(item, one) for item, one in won.items() if one]
    assert kept_by(catalog).reserved_bytes == QUOTA - 100
    with pytest.raises(TooLarge):
        catalog.upload(items[0], "small", bytes(101))
    abandon_upload(catalog.parts, catalog.actor, item_id, upload_id, now=now())
    assert kept_by(catalog).reserved_bytes == 0


def test_room_comes_back_however_an_upload_ends(catalog: Catalog) -> None:
    one = catalog.submit("Ends", published=False)
    wrong = begun(catalog, one.id, "wrong", 5_000)
    send(catalog, one.id, wrong, b"x" * 5_000)
    with pytest.raises(ChecksumMismatch):
        complete_upload(catalog.parts, catalog.actor, one.id, wrong, now=now())
    assert kept_by(catalog).reserved_bytes == 0
    right = begun(catalog, one.id, "right", 5_000)
    send(catalog, one.id, right, bytes(5_000))
    complete_upload(catalog.parts, catalog.actor, one.id, right, now=now())
    assert kept_by(catalog).reserved_bytes == 0
    begun(catalog, one.id, "late", 5_000)
    assert kept_by(catalog).reserved_bytes == 5_000
    clear_uploads(catalog.parts, now() + timedelta(days=8))
    with catalog.parts.database.reading() as session:
        assert session.scalars(select(Reservation)).all() == []
    assert_counts_are_true(catalog)


def send(catalog: Catalog, item_id: str, upload_id: str, content: bytes) -> None:
    source = BytesIO(content)
    receive_part(
        catalog.parts, catalog.actor, item_id, upload_id, 1, source, len(content), now=now()
    )


def test_room_of_who_was_killed_comes_back_in_time(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "_RESERVED_FROM_BYTES", 0)
    one = catalog.submit("Killed", published=False)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(quotas, "release", killed)
    monkeypatch.setattr(type(catalog.parts.objects), "put", killed)
    with pytest.raises(KeyboardInterrupt):
        catalog.upload(one.id, "a", bytes(QUOTA))
    monkeypatch.undo()
    with pytest.raises(CatalogError):
        catalog.upload(one.id, "a", bytes(QUOTA))
    clear_uploads(catalog.parts, now() + timedelta(hours=7))
    catalog.upload(one.id, "a", bytes(QUOTA))


def test_a_record_that_did_not_count_before_counts_afterwards(made: Catalog) -> None:
    migration = import_module("catalog.migrations.versions.0010_uploads")
    with made.parts.database.writing() as session:
        session.execute(update(Item).values(kept_files=0, kept_bytes=0))
        session.execute(update(Version).values(files_total=0))
        for statement in migration.COUNTING:
            session.execute(text(statement))
    assert_counts_are_true(made)
