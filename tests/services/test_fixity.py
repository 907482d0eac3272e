"""The bytes of every file are read again in a cycle, and what is damaged is found and not given."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from catalog.domain.errors import Damaged, Unavailable
from catalog.domain.fixity import DAMAGED, Soundness
from catalog.domain.record import ItemRecord
from catalog.parts import Parts
from catalog.services.begin_version import begin_version
from catalog.services.download import find_file
from catalog.services.fixity import Pace, check_fixity
from catalog.services.item_history import history
from catalog.services.packing import pack
from catalog.services.read import read
from catalog.services.soundness import Cycle, cycle, damaged_of, enrol
from catalog.services.upload import new_key
from catalog.tables import Event, File, Fixity
from tests.catalogs import Catalog, catalog_in, now

MONTH = timedelta(days=31)
ANY = frozenset("*")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return hurried(catalog_in(tmp_path_factory.mktemp("fixity")))


@pytest.fixture
def catalog(shared: Catalog) -> Catalog:
    """The catalog of the module, each time with nothing in the cycle."""
    with shared.parts.database.writing() as session:
        session.execute(delete(Fixity))
    return shared


def hurried(catalog: Catalog, **more: int) -> Catalog:
    """Return a catalog that reads as fast as it goes."""
    settings = replace(catalog.parts.settings, fixity_bytes_per_second=0, **more)
    return replace(catalog, parts=replace(catalog.parts, settings=settings))


def with_files(catalog: Catalog, *contents: bytes) -> ItemRecord:
    """Keep a draft with a file for each content, called 0, 1, 2 and so on."""
    one = catalog.submit("With files", published=False)
    for place, content in enumerate(contents):
        catalog.upload(one.id, str(place), content)
    return read(catalog.parts, catalog.actor, one.id).record


def kept_at_once(catalog: Catalog, one: ItemRecord, contents: list[bytes]) -> dict[str, Path]:
    """Keep many files in one transaction; return where the bytes of each lie."""
    paths = {}
    with catalog.parts.database.writing() as session:
        for place, content in enumerate(contents):
            name, key = f"{place:03}", new_key(one.id)
            stored = catalog.parts.objects.put(key, BytesIO(content), len(content))
            session.add(
                File(
                    item_id=one.id,
                    n=1,
                    folded=name,
                    name=name,
                    key=key,
                    created=now(),
                    size_bytes=stored.size_bytes,
                    sha256=stored.sha256,
                    media_type="text/plain",
                )
            )
            enrol(session, key, now=now())
            paths[name] = catalog.folder / "objects" / key
            paths[name].chmod(0o600)
    return paths


def path_of(catalog: Catalog, item: ItemRecord, place: int = 0) -> Path:
    path = catalog.folder / "objects" / item.files[place].key
    path.chmod(0o600)
    return path


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES: dict[str, tuple[Callable[[Path], None], Soundness]] = {
    "a flipped bit": (flip, Soundness.WRONG_HASH),
    "a lost end": (truncate, Soundness.WRONG_SIZE),
    "a lost object": (Path.unlink, Soundness.MISSING),
    "an empty object": (lambda path: path.write_bytes(b""), Soundness.WRONG_SIZE),
}


def checked(catalog: Catalog, later: timedelta = MONTH) -> datetime:
    """Read all that is due by then; return that moment."""
    at = now() + later
    check_fixity(catalog.parts, at)
    return at


def results(catalog: Catalog, item: ItemRecord) -> list[Soundness | None]:
    files = read(catalog.parts, catalog.actor, item.id).record.files
    return [file.fixity.result if file.fixity else None for file in files]


def events(catalog: Catalog, item: ItemRecord) -> list[tuple[str, Any]]:
    with catalog.parts.database.reading() as session:
        rows = session.execute(
            select(Event.kind, Event.detail)
            .where(Event.item_id == item.id, Event.kind.like("fixity%"))
            .order_by(Event.seq)
        )
        return [(kind, detail.get("result")) for kind, detail in rows]


def test_every_one_of_100_planted_faults_is_found_and_nothing_else(tmp_path: Path) -> None:
    catalog = hurried(catalog_in(tmp_path))
    draw = random.Random(7)
    one = catalog.submit("A hundred faults", published=False)
    contents = [draw.randbytes(draw.randrange(1, 3_000)) for _ in range(112)]
    paths = kept_at_once(catalog, one, contents)
    names = draw.sample(sorted(paths), 100)
    swapped, others = names[:30], names[30:]
    for a, b in zip(swapped[::2], swapped[1::2], strict=True):
        other = paths[a].rename(tmp_path / "other")
        paths[b].rename(paths[a])
        other.rename(paths[b])
    for place, name in enumerate(others):
        damage, _ = list(DAMAGES.values())[place % len(DAMAGES)]
        damage(paths[name])
    assert check_fixity(catalog.parts, now() + MONTH) == 112
    with catalog.parts.database.reading() as session:
        found = set(
            session.scalars(
                select(File.name)
                .join(Fixity, Fixity.key == File.key)
                .where(Fixity.result.in_(DAMAGED))
            )
        )
    assert found == set(names)
    assert sum(1 for _ in events(catalog, one)) == 100


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_and_the_file_not_given_out(catalog: Catalog, damage: str) -> None:
    harm, expected = DAMAGES[damage]
    item = with_files(catalog, b"what it says", b"beside it")
    harm(path_of(catalog, item))
    at = checked(catalog)
    assert results(catalog, item) == [expected, Soundness.OK]
    assert events(catalog, item) == [("fixity-failed", expected.value)]
    with pytest.raises(Damaged, match="The bytes of 0 are damaged"):
        find_file(catalog.parts, catalog.actor, item.id, "0")
    with pytest.raises(Damaged):
        pack(catalog.parts, catalog.actor, item.id)
    assert find_file(catalog.parts, catalog.actor, item.id, "1")
    (mine,), total = damaged_of(catalog.parts, catalog.actor, limit=1)
    assert (mine.item_id, mine.name, mine.result, mine.since) == (item.id, "0", expected, at)
    assert total == 1


def test_what_is_restored_is_given_out_again_within_the_hour(catalog: Catalog) -> None:
    item = with_files(catalog, b"lost for a while")
    path = path_of(catalog, item)
    kept = path.read_bytes()
    flip(path)
    checked(catalog)
    path.write_bytes(kept)
    checked(catalog, MONTH + timedelta(hours=2))
    assert results(catalog, item) == [Soundness.OK]
    assert [kind for kind, _ in events(catalog, item)] == ["fixity-failed", "fixity-ok"]
    assert find_file(catalog.parts, catalog.actor, item.id, "0")
    told = history(catalog.parts, catalog.actor, item.id, cursor=None, limit=10).entries
    assert [entry.kind.value for entry in told][:2] == ["fixity-ok", "fixity-failed"]


def test_the_same_file_sent_again_repairs_a_draft(catalog: Catalog) -> None:
    item = with_files(catalog, b"sent twice")
    flip(path_of(catalog, item))
    checked(catalog)
    catalog.upload(item.id, "0", b"sent twice")
    assert find_file(catalog.parts, catalog.actor, item.id, "0")
    assert results(catalog, item) == [None]


def test_bytes_that_versions_share_are_read_once_and_told_of_in_each(catalog: Catalog) -> None:
    item = with_files(catalog, b"shared")
    catalog.publish(item.id)
    begin_version(catalog.parts, catalog.actor, item.id, expected=ANY, now=now())
    path_of(catalog, item).unlink()
    assert check_fixity(catalog.parts, now() + MONTH) == 1
    assert len(events(catalog, item)) == 2


def test_the_first_reading_comes_within_a_day_or_so_and_the_next_within_the_cycle(
    catalog: Catalog,
) -> None:
    with_files(catalog, b"first")
    assert check_fixity(catalog.parts, now() + timedelta(hours=23)) == 0
    first = now() + timedelta(hours=25)
    assert check_fixity(catalog.parts, first) == 1
    assert check_fixity(catalog.parts, first + timedelta(days=26)) == 0
    assert check_fixity(catalog.parts, first + timedelta(days=30)) == 1


def test_a_shorter_cycle_is_followed_at_once(catalog: Catalog) -> None:
    with_files(catalog, b"sooner")
    first = now() + timedelta(days=2)
    assert check_fixity(catalog.parts, first) == 1
    weekly = hurried(catalog, fixity_days=7)
    check_fixity(weekly.parts, first + timedelta(days=8))
    with catalog.parts.database.reading() as session:
        assert session.scalar(select(Fixity.checked).order_by(Fixity.checked.desc()))
    assert check_fixity(hurried(catalog, fixity_days=0).parts, now() + 10 * MONTH) == 0


def test_a_file_that_is_gone_is_forgotten(catalog: Catalog) -> None:
    item = with_files(catalog, b"gone soon")
    key = item.files[0].key
    catalog.delete(item.id)
    with catalog.parts.database.reading() as session:
        assert session.get(Fixity, key) is None


class Failing:
    """The object store, which fails where it is told to."""

    def __init__(self, real: Any, *, keys: set[str], sizes: bool) -> None:
        self._real = real
        self._keys = keys
        self._sizes = sizes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def size(self, key: str) -> int:
        if self._sizes:
            raise Unavailable("The store does not answer.")
        return int(self._real.size(key))

    def read(self, key: str, *more: Any) -> Any:
        if key in self._keys:
            raise Unavailable("The disk cannot read this.")
        return self._real.read(key, *more)


def failing(parts: Parts, *keys: str, sizes: bool = False) -> Parts:
    objects: Any = Failing(parts.objects, keys=set(keys), sizes=sizes)
    return replace(parts, objects=objects)


def test_a_store_that_does_not_answer_is_no_fault_of_the_files(catalog: Catalog) -> None:
    item = with_files(catalog, b"one", b"two")
    for minutes in range(5):
        at = now() + MONTH + timedelta(minutes=10 * minutes)
        assert check_fixity(failing(catalog.parts, sizes=True), at) == 0
    assert results(catalog, item) == [None, None]
    assert events(catalog, item) == []
    assert check_fixity(catalog.parts, now() + MONTH + timedelta(hours=2)) == 2


def test_one_object_that_cannot_be_read_time_and_again_is_unreadable(catalog: Catalog) -> None:
    item = with_files(catalog, b"bad sector", b"good sector")
    parts = failing(catalog.parts, item.files[0].key)
    for minutes in range(3):
        assert results(catalog, item)[0] is None
        check_fixity(parts, now() + MONTH + timedelta(minutes=10 * minutes))
    assert results(catalog, item) == [Soundness.UNREADABLE, Soundness.OK]
    checked(catalog, MONTH + timedelta(hours=3))
    assert results(catalog, item) == [Soundness.OK, Soundness.OK]


def test_two_that_read_at_once_share_the_work(catalog: Catalog) -> None:
    with_files(catalog, *(bytes([place]) * 10 for place in range(20)))
    at = now() + MONTH
    real = catalog.parts.objects.read
    meanwhile: list[int] = []

    class Meeting(Failing):
        def read(self, key: str, *more: Any) -> Any:
            if not meanwhile:
                meanwhile.append(-1)
                meanwhile[0] = check_fixity(catalog.parts, at)
            return real(key, *more)

    objects: Any = Meeting(catalog.parts.objects, keys=set(), sizes=False)
    assert check_fixity(replace(catalog.parts, objects=objects), at) + meanwhile[0] == 20


def test_who_is_killed_in_the_middle_leaves_all_to_be_read(catalog: Catalog) -> None:
    with_files(catalog, b"a", b"b", b"c")

    class Killed(Failing):
        def read(self, key: str, *more: Any) -> Any:
            raise KeyboardInterrupt

    objects: Any = Killed(catalog.parts.objects, keys=set(), sizes=False)
    with pytest.raises(KeyboardInterrupt):
        check_fixity(replace(catalog.parts, objects=objects), now() + MONTH)
    assert check_fixity(catalog.parts, now() + MONTH + timedelta(hours=2)) == 3


def test_reading_keeps_to_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("catalog.services.fixity.time.sleep", slept.append)
    pace = Pace(1_000)
    pace.add(500)
    assert 0.4 < slept[0] <= 0.5
    Pace(0).add(1 << 40)
    assert len(slept) == 1


def test_what_does_not_fit_into_a_minute_is_left_to_the_next(catalog: Catalog) -> None:
    item = with_files(catalog, *(bytes([place]) * 1_000 for place in range(5)))
    settings = replace(catalog.parts.settings, fixity_bytes_per_second=20)
    slow = replace(catalog.parts, settings=settings)
    at = now() + MONTH
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catalog.services.fixity.time.sleep", lambda _: None)
        assert check_fixity(slow, at) == 2
        assert check_fixity(slow, at) == 2
    assert results(catalog, item).count(None) == 1


def test_the_cycle_is_counted(catalog: Catalog) -> None:
    item = with_files(catalog, b"fine", b"lost")
    path_of(catalog, item, 1).unlink()
    at = checked(catalog)
    with catalog.parts.database.reading() as session:
        counted = cycle(session, now=at)
        late = cycle(session, now=at + timedelta(days=2))
    nothing = dict.fromkeys(DAMAGED, 0)
    assert counted == Cycle({**nothing, "missing": 1}, 0, at)
    assert late.overdue == 1
