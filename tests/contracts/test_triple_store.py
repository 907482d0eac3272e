"""What the store of the public graph promises its one writer and its many readers."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.adapters import checkpoints
from catalog.adapters.checkpoints import Checkpoints
from catalog.adapters.triples_oxigraph import OxigraphTriples
from catalog.domain.errors import NoSpace, Unavailable, Unreadable
from catalog.ports import TripleStore

ONE, TWO, THREE = (f"https://catalog.example/items/{name}" for name in ("one", "two", "three"))


def says(subject: str, text: str) -> str:
    """Return a graph of one statement."""
    return f"<{subject}> <http://purl.org/dc/terms/title> {ox.Literal(text, language='en')} .\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "graph"


def opened(folder: Path, *, keep_seconds: float = 60.0) -> OxigraphTriples:
    return OxigraphTriples(folder, keep_seconds=keep_seconds)


def build(store: TripleStore, **graphs: str) -> None:
    named = {"one": ONE, "two": TWO, "three": THREE}
    store.rebuild([(named[name], text) for name, text in graphs.items()], "recipe", unexpected)


def unexpected(name: str, problem: str) -> None:
    raise AssertionError(f"{name}: {problem}")


@pytest.fixture
def store(folder: Path) -> Iterator[OxigraphTriples]:
    found = opened(folder)
    build(found, one=says(ONE, "first"), two=says(TWO, "second"))
    yield found
    found.close()


def seen(folder: Path) -> dict[str, str]:
    """Return what readers see: graph names with digests."""
    with Checkpoints(folder).opened() as state:
        return {name: state.digest_of(name) or "" for name in state.names()}


def digests(**graphs: str) -> dict[str, str]:
    """Return the digests that these graphs should have."""
    named = {"one": ONE, "two": TWO, "three": THREE}
    found = {}
    for name, text in graphs.items():
        memory = ox.Store()
        graph = ox.NamedNode("http://any")
        memory.load(text.encode(), format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
        lines = (memory.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=graph) or b"").split(b"\n")
        found[named[name]] = sha256(b"\n".join(sorted(lines))).hexdigest()
    return found


def test_nothing_is_shown_before_it_was_built(folder: Path) -> None:
    store = opened(folder)
    assert store.shown() is None
    with pytest.raises(Unavailable), Checkpoints(folder).opened():
        pass
    with pytest.raises(Unavailable):
        store.show({ONE: says(ONE, "first")})
    store.close()


def test_a_batch_replaces_adds_and_removes_graphs(folder: Path, store: OxigraphTriples) -> None:
    store.show({ONE: None, TWO: says(TWO, "other"), THREE: says(THREE, "new")})
    assert seen(folder) == digests(two=says(TWO, "other"), three=says(THREE, "new"))


def test_an_empty_graph_is_no_graph(folder: Path, store: OxigraphTriples) -> None:
    store.show({ONE: ""})
    assert list(seen(folder)) == [TWO]


def test_removing_what_is_not_there_does_nothing(folder: Path, store: OxigraphTriples) -> None:
    before = seen(folder)
    store.show({THREE: None})
    assert seen(folder) == before


def test_showing_the_same_again_changes_nothing(folder: Path, store: OxigraphTriples) -> None:
    before = seen(folder)
    store.show({ONE: says(ONE, "first"), TWO: says(TWO, "second")})
    assert seen(folder) == before


def test_a_batch_with_one_bad_graph_shows_none_of_it(folder: Path, store: OxigraphTriples) -> None:
    before = seen(folder)
    with pytest.raises(Unreadable) as caught:
        store.show({ONE: says(ONE, "changed"), TWO: '<> <p> "never closed .'})
    assert caught.value.evidence["graph"] == TWO
    assert seen(folder) == before
    store.show({ONE: says(ONE, "changed")})
    assert seen(folder) == digests(one=says(ONE, "changed"), two=says(TWO, "second"))


def test_a_rebuild_leaves_out_what_it_cannot_read_and_tells(folder: Path) -> None:
    store = opened(folder)
    refused = []
    store.rebuild(
        [(ONE, says(ONE, "first")), (TWO, "no triples")],
        "recipe",
        lambda name, problem: refused.append(name),
    )
    assert refused == [TWO]
    assert list(seen(folder)) == [ONE]
    store.close()


def test_every_state_has_a_new_name_and_knows_the_one_before(store: OxigraphTriples) -> None:
    names = [store.shown()]
    names += [store.show({ONE: says(ONE, str(number))}) for number in range(5)]
    assert len({shown.name for shown in names if shown}) == len(names)
    assert [shown.previous for shown in names[1:] if shown] == [
        shown.name for shown in names[:-1] if shown
    ]
    assert {shown.recipe for shown in names if shown} == {"recipe"}


def test_a_reader_keeps_its_state_while_others_are_shown(
    folder: Path, store: OxigraphTriples
) -> None:
    with Checkpoints(folder).opened() as state:
        before = {name: state.digest_of(name) for name in state.names()}
        for number in range(8):
            store.show({ONE: says(ONE, f"later {number}"), THREE: says(THREE, str(number))})
        assert {name: state.digest_of(name) for name in state.names()} == before
    assert seen(folder) != before


def test_what_is_superseded_stays_its_time_and_goes_then(folder: Path) -> None:
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, "first"))
    old = Checkpoints(folder).path()
    store.show({ONE: says(ONE, "second")})
    assert old.is_dir()
    store.tidy()
    assert not old.exists()
    assert [entry.name for entry in (folder / "checkpoints").iterdir()] == [
        Checkpoints(folder).path().name
    ]
    store.close()


def test_what_is_read_under_a_lease_stays_as_long_as_that(folder: Path) -> None:
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, "first"))
    with Checkpoints(folder).opened() as state:
        old = folder / "checkpoints" / state.shown.name
        store.show({ONE: says(ONE, "second")})
        store.tidy()
        assert state.digest_of(ONE) == digests(one=says(ONE, "first"))[ONE]
    store.tidy()
    assert not old.exists()
    store.close()


def test_a_checkpoint_of_an_earlier_process_stays_its_time_too(folder: Path) -> None:
    first = opened(folder)
    build(first, one=says(ONE, "first"))
    old = Checkpoints(folder).path()
    first.show({ONE: says(ONE, "second")})
    first.close()
    second = opened(folder, keep_seconds=60.0)
    second.tidy()
    assert old.is_dir()
    second.close()
    third = opened(folder, keep_seconds=0.0)
    third.tidy()
    assert not old.exists()
    third.close()


def test_only_one_process_holds_it_for_writing(folder: Path, store: OxigraphTriples) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from catalog.adapters.triples_oxigraph import OxigraphTriples;"
        "OxigraphTriples(Path(sys.argv[1]), keep_seconds=1.0)"
    )
    second = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    assert "Another process holds the graph for writing" in second.stderr
    store.close()
    third = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert third.returncode == 0


def test_whatever_is_broken_in_the_live_store_is_gone_at_the_next_opening(folder: Path) -> None:
    store = opened(folder)
    build(store, one=says(ONE, "first"))
    store.show({TWO: says(TWO, "second")})
    before = seen(folder)
    live = next(folder.glob("live-*"))
    os.close(store._lock or 0)  # as if this process had been killed
    for entry in live.iterdir():
        if entry.suffix != ".sst":  # those are the checkpoint's as well
            entry.write_bytes(b"")
    again = opened(folder)
    assert again.shown() is not None
    assert seen(folder) == before
    again.show({ONE: None})
    assert list(seen(folder)) == [TWO]
    again.close()


def test_an_unfinished_checkpoint_is_removed_at_the_start(
    folder: Path, store: OxigraphTriples
) -> None:
    store.close()
    unfinished = folder / "checkpoints" / "00000099-abcdef01.tmp"
    shutil.copytree(Checkpoints(folder).path(), unfinished)
    again = opened(folder)
    assert not unfinished.exists()
    assert again.shown() is not None
    again.close()


@pytest.mark.parametrize("broken", ["CURRENT", "MANIFEST", ".sst"])
def test_a_checkpoint_that_cannot_be_opened_asks_for_a_rebuild(
    folder: Path, store: OxigraphTriples, broken: str
) -> None:
    store.close()
    for entry in Checkpoints(folder).path().iterdir():
        if broken in entry.name:
            entry.unlink()
    again = opened(folder)
    assert again.shown() is None
    build(again, one=says(ONE, "built again"))
    assert seen(folder) == digests(one=says(ONE, "built again"))
    again.close()


@pytest.mark.parametrize("text", ["", "{", '{"checkpoint": 1}', "null", "[]"])
def test_a_broken_pointer_asks_for_a_rebuild(
    folder: Path, store: OxigraphTriples, text: str
) -> None:
    store.close()
    (folder / "current").write_text(text)
    again = opened(folder)
    assert again.shown() is None
    again.close()


def test_what_was_taken_out_is_in_no_file_after_a_rebuild(folder: Path) -> None:
    secret = "canary-8f14e45fceea167a"
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, secret), two=says(TWO, "second"))
    store.show({ONE: None})
    build(store, two=says(TWO, "second"))
    store.tidy()
    held = [path for path in folder.rglob("*") if path.is_file()]
    assert held
    assert not [path for path in held if secret.encode() in path.read_bytes()]
    store.close()


def test_a_reader_in_another_thread_always_sees_whole_batches(
    folder: Path, store: OxigraphTriples
) -> None:
    stop, torn = threading.Event(), []
    graphs = Checkpoints(folder)

    def read() -> None:
        while not stop.is_set():
            with graphs.opened() as state:
                both = {state.digest_of(ONE), state.digest_of(TWO)}
            if len(both) != 1:
                torn.append(state.shown.name)

    same = '<http://a> <http://b> "0" .\n'
    store.show({ONE: same, TWO: same})
    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 30):
        same = f'<http://a> <http://b> "{number}" .\n'
        store.show({ONE: same, TWO: same})
    stop.set()
    reader.join()
    assert torn == []


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, OxigraphTriples]]:
    folder = tmp_path_factory.mktemp("literals") / "graph"
    store = opened(folder, keep_seconds=0.0)
    build(store)
    yield folder, store
    store.close()


@given(texts=st.lists(TEXTS, min_size=1, max_size=4, unique=True))
@settings(max_examples=60, deadline=None)
def test_whatever_a_literal_holds_comes_out_as_it_went_in(
    lasting: tuple[Path, OxigraphTriples], texts: list[str]
) -> None:
    folder, store = lasting
    store.show({ONE: "".join(says(ONE, text) for text in texts)})
    reading = ox.Store.read_only(str(Checkpoints(folder).path()))
    assert {quad.graph_name for quad in reading} == {ox.NamedNode(ONE)}
    assert {quad.object for quad in reading} == {ox.Literal(text, language="en") for text in texts}
    store.tidy()


def test_the_digest_expected_of_a_graph_forgives_what_the_store_rewrites(
    folder: Path, store: OxigraphTriples
) -> None:
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    text = f'<{ONE}> <http://example.org/p> "007"^^{integer}, "1.10"^^{integer} .\n'.replace(
        '"1.10"^^' + integer, '"1.10"^^<http://www.w3.org/2001/XMLSchema#decimal>'
    ).replace(", ", f" .\n<{ONE}> <http://example.org/p> ")
    store.show({ONE: text})
    with Checkpoints(folder).opened() as state:
        assert state.digest_of(ONE) == state.digest(text)
        assert state.digest_of(ONE) != state.digest(text.replace("007", "8"))


def test_a_full_disk_stops_writing_only_until_there_is_room(full_disk: Path) -> None:
    """M19: a store that met a full disk never writes again; ours is opened anew."""
    folder = full_disk / "graph"
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, "first"))
    filler = full_disk / "filler"
    fill(filler)
    show_until_refused(store)
    assert ONE in seen(folder)
    filler.unlink()
    store.tidy()
    store.show({TWO: says(TWO, "there is room again")})
    assert seen(folder) == digests(one=says(ONE, "first"), two=says(TWO, "there is room again"))
    store.close()


def test_what_is_withdrawn_disappears_even_from_a_full_disk(full_disk: Path) -> None:
    folder = full_disk / "graph"
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, "first"), two=says(TWO, "second"))
    store.tidy()
    assert (folder / "ballast").exists()
    fill(full_disk / "filler")
    with contextlib.suppress(NoSpace, Unavailable):  # the store that is open gets no room
        store.show({ONE: None})
    store.show({ONE: None})
    assert list(seen(folder)) == [TWO]
    store.close()


def show_until_refused(store: TripleStore) -> None:
    """Show ever more until the store says no, which it has to."""
    with pytest.raises((NoSpace, Unavailable)):
        consume(store.show({TWO: says(TWO, "x" * 200_000 + str(n))}) for n in range(100))


def consume(steps: Iterable[object]) -> None:
    """Do every step."""
    for _ in steps:
        pass


def fill(path: Path) -> None:
    """Write zeros until the disk takes no more."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 65536):
            pass


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 MB that a test can fill."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill")
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], check=False
    )
    if made.returncode:
        pytest.skip("this machine does not let a test mount a disk")
    yield place
    subprocess.run([umount, "-l", str(place)], check=True)


def test_a_lease_that_comes_too_late_is_one_on_the_next_state(
    folder: Path, store: OxigraphTriples, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = Checkpoints(folder)
    old = graphs.path()
    usual = checkpoints.lease

    def late(path: Path) -> contextlib.AbstractContextManager[None]:
        if path == old and path.is_dir():
            store.show({ONE: says(ONE, "later")})
            shutil.rmtree(old)
        return usual(path)

    monkeypatch.setattr(checkpoints, "lease", late)
    with graphs.leased() as path:
        assert path == graphs.path()
        assert path != old
        assert path.is_dir()


def test_a_process_that_is_killed_holds_no_lease(folder: Path) -> None:
    store = opened(folder, keep_seconds=0.0)
    build(store, one=says(ONE, "first"))
    program = (
        "import sys, time; from pathlib import Path;"
        "from catalog.adapters.checkpoints import Checkpoints;"
        "held = Checkpoints(Path(sys.argv[1])).leased(); held.__enter__();"
        "print('held', flush=True); time.sleep(60)"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    with reader.stdout:
        assert reader.stdout.readline() == "held\n"
    old = Checkpoints(folder).path()
    store.show({ONE: says(ONE, "second")})
    store.tidy()
    assert old.is_dir()
    reader.kill()
    reader.wait()
    store.tidy()
    assert not old.exists()
    store.close()
