"""Releases of the vocabularies: kept whole, in force at once or not at all, and compared."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select

from catalog.domain.errors import MovedOn, NotAcceptable, NotFound
from catalog.domain.identifiers import VOCAB
from catalog.domain.terms.changes import Kind
from catalog.library import Library, library
from catalog.services import releases
from catalog.services.relay import run_relay
from catalog.services.releases import (
    is_in_force,
    library_in_force,
    library_of,
    load_release,
    take_installed,
)
from catalog.services.term_history import changes_since, difference, life_of, turtle_of
from catalog.services.term_history import releases as listed
from catalog.tables import Base, LibraryFile, Release, TermChange
from tests.catalogs import Catalog, catalog_in, little_library, now, with_library

FP64 = f"{VOCAB}precision/fp64"
LITTLE = little_library()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A catalog whose first start has taken what is installed."""
    made = with_library(catalog_in(tmp_path), LITTLE)
    take_installed(made.parts.database, LITTLE, now=now())
    return made


def changed(name: str, *pairs: tuple[str, str], of: Library | None = None) -> dict[str, bytes]:
    """Return all files with some text of one vocabulary replaced."""
    files = dict((of or LITTLE).files)
    text = files[f"vocab/{name}"].decode()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return files | {f"vocab/{name}": text.encode()}


RENAMED = ('skos:prefLabel "64-bit float"@en', 'skos:prefLabel "Double precision"@en')


def in_force(catalog: Catalog) -> Library:
    return library_in_force(catalog.parts.database, LITTLE)


def refusal(catalog: Catalog, files: Mapping[str, bytes]) -> str:
    """Return the faults by which a load is refused, once it is sure that nothing was kept."""
    with pytest.raises(NotAcceptable) as refused:
        load_release(catalog.parts, files, now=now())
    with catalog.parts.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Release)) == 1
        assert session.scalar(select(func.count()).select_from(TermChange)) == 0
    assert in_force(catalog).version == LITTLE.version
    return "\n".join(refused.value.evidence["faults"])


def test_the_tables_are_those_of_the_migrations(catalog: Catalog) -> None:
    with catalog.parts.database.reading() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Base.metadata) == []


def test_the_first_start_keeps_what_is_installed_as_release_1(catalog: Catalog) -> None:
    (line,) = listed(catalog.parts)
    assert (line.seq, line.origin, line.version) == (1, "installed", LITTLE.version)
    assert take_installed(catalog.parts.database, LITTLE, now=now()) is None
    assert len(listed(catalog.parts)) == 1


def test_a_load_is_in_force_at_once_and_kept_whole(catalog: Catalog) -> None:
    files = changed("precision", RENAMED)
    loaded = load_release(catalog.parts, files, note="Its usual name", now=now())
    assert loaded.seq == 2
    assert [(one.kind, one.term) for one in loaded.changes] == [(Kind.RELABELLED, FP64)]
    assert not is_in_force(catalog.parts)
    assert in_force(catalog).files == files
    assert in_force(catalog).label(FP64) == "Double precision"
    assert turtle_of(catalog.parts, "precision", 1) == LITTLE.files["vocab/precision"]
    assert turtle_of(catalog.parts, "precision", 2) == files["vocab/precision"]


def test_files_that_do_not_change_are_kept_once(catalog: Catalog) -> None:
    load_release(catalog.parts, changed("precision", RENAMED), now=now())
    with catalog.parts.database.reading() as session:
        kept = session.scalar(select(func.count()).select_from(LibraryFile))
    assert kept == len(set(LITTLE.files.values())) + 1


def test_the_same_files_again_are_no_release(catalog: Catalog) -> None:
    assert load_release(catalog.parts, LITTLE.files, now=now()).seq == 1
    assert len(listed(catalog.parts)) == 1


def test_vocabularies_alone_leave_the_shapes_and_shapes_alone_the_vocabularies(
    catalog: Catalog,
) -> None:
    files = changed("precision", RENAMED)
    alone = {name: text for name, text in files.items() if name.startswith("vocab/")}
    load_release(catalog.parts, alone, now=now())
    assert in_force(catalog).files == files


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("ml-task", "skos:broader ml-task:computer-vision",
         "skos:broader ml-task:semantic-segmentation", "cycl"),
        ("precision", RENAMED[0], 'skos:prefLabel "64-bit float"@en, "Another"@en', "label"),
        ("precision", RENAMED[0], 'skos:prefLabel "64-\\u0007bit"@en', "unprintable"),
        ("precision", 'skos:notation "fp64"', 'skos:notation "fp32"', "notation"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_named_with_file_and_line_and_nothing_is_loaded(
    catalog: Catalog, name: str, old: str, new: str, rule: str
) -> None:
    said = refusal(catalog, changed(name, (old, new)))
    assert rule in said
    line = next(line for line in said.splitlines() if rule in line)
    file, number, _, _ = line.split(":", 3)
    assert name in file
    assert number.isdigit()


def test_a_term_that_went_instead_of_being_deprecated_is_refused(catalog: Catalog) -> None:
    text = LITTLE.files["vocab/precision"].decode()
    gone = text.replace("precision:bf16", "precision:brain16")
    assert gone != text
    said = refusal(catalog, dict(LITTLE.files) | {"vocab/precision": gone.encode()})
    assert "removed-term" in said
    assert "bf16" in said


def test_a_vocabulary_that_went_is_refused(catalog: Catalog) -> None:
    files = {name: text for name, text in LITTLE.files.items() if name != "vocab/node-focus"}
    assert "node-focus" in refusal(catalog, files)


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe\x00", b"<a> <b>", b"@prefix : <x> .\n:a :b ; .", b"{}" * 1000]
)
def test_rubbish_is_refused_with_the_file_named(catalog: Catalog, text: bytes) -> None:
    files = dict(LITTLE.files) | {"vocab/precision": text}
    assert "vocab/precision" in refusal(catalog, files)


def test_shapes_that_do_not_work_are_refused(catalog: Catalog) -> None:
    files = dict(LITTLE.files)
    broken = files["shapes/ns"] + b"\n<urn:x> a <http://www.w3.org/ns/shacl#NodeShape> ;\n"
    assert "shapes/ns" in refusal(catalog, files | {"shapes/ns": broken})


def test_of_two_loads_at_once_one_is_told_to_repeat(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = releases._try

    def slowly(known: Library) -> None:
        monkeypatch.setattr(releases, "_try", tried)
        load_release(
            catalog.parts,
            changed("node-focus", ('"Node focus"@en', '"Focus of nodes"@en')),
            now=now(),
        )
        tried(known)

    monkeypatch.setattr(releases, "_try", slowly)
    with pytest.raises(MovedOn):
        load_release(catalog.parts, changed("precision", RENAMED), now=now())
    assert [line.seq for line in listed(catalog.parts)] == [2, 1]


def test_what_was_loaded_stays_when_the_same_program_starts_again(catalog: Catalog) -> None:
    load_release(catalog.parts, changed("precision", RENAMED), now=now())
    assert take_installed(catalog.parts.database, LITTLE, now=now()) is None
    assert in_force(catalog).label(FP64) == "Double precision"


def test_a_program_that_brings_more_is_taken(catalog: Catalog) -> None:
    newer = library_of(changed("precision", RENAMED))
    assert take_installed(catalog.parts.database, newer, now=now()) is None
    assert [line.origin for line in listed(catalog.parts)] == ["installed", "installed"]
    assert library_in_force(catalog.parts.database, newer) is newer


def test_a_program_that_lacks_terms_in_force_is_told_and_not_taken(catalog: Catalog) -> None:
    files = {name: text for name, text in LITTLE.files.items() if name != "vocab/node-focus"}
    older = library_of(files)
    said = take_installed(catalog.parts.database, older, now=now())
    assert said is not None
    assert "lack" in said
    assert library_in_force(catalog.parts.database, older).version == LITTLE.version


def test_the_versions_of_a_scheme_are_those_in_which_it_changed(catalog: Catalog) -> None:
    load_release(catalog.parts, changed("precision", RENAMED), now=now())
    second = changed("node-focus", ('"Node focus"@en', '"Focus of nodes"@en'), of=in_force(catalog))
    load_release(catalog.parts, second, now=now())
    assert [line.seq for line in listed(catalog.parts, "precision")] == [2, 1]
    assert [line.seq for line in listed(catalog.parts, "node-focus")] == [3, 1]
    assert listed(catalog.parts, "precision")[0].counts == {Kind.RELABELLED: 1}


def test_any_two_releases_are_compared_both_ways(catalog: Catalog) -> None:
    load_release(catalog.parts, changed("precision", RENAMED), now=now())
    (there,) = difference(catalog.parts, "precision", 1, 2)
    (back,) = difference(catalog.parts, "precision", 2, 1)
    assert (there.before, there.after) == (back.after, back.before)
    assert difference(catalog.parts, "node-focus", 1, 2) == ()
    with pytest.raises(NotFound):
        difference(catalog.parts, "precision", 1, 9)
    with pytest.raises(NotFound):
        difference(catalog.parts, "nothing", 1, 2)


def test_the_life_of_a_term_begins_with_the_first_release(catalog: Catalog) -> None:
    load_release(catalog.parts, changed("precision", RENAMED), note="Why", now=now())
    begun, renamed = life_of(catalog.parts, FP64)
    assert (begun.change.kind, begun.seq) == (Kind.ADDED, 1)
    assert (renamed.change.kind, renamed.seq, renamed.note) == (Kind.RELABELLED, 2, "Why")


def test_changes_are_told_since_a_moment(catalog: Catalog) -> None:
    before = datetime.now(UTC)
    load_release(catalog.parts, changed("precision", RENAMED), now=now())
    found = changes_since(catalog.parts, "precision", before)
    assert [one.change.term for one in found] == [FP64]
    assert changes_since(catalog.parts, "precision", before, [Kind.ADDED]) == ()
    assert changes_since(catalog.parts, "node-focus", before) == ()
    assert changes_since(catalog.parts, None, before + timedelta(minutes=1)) == ()


def test_the_relay_ends_by_itself_once_another_release_is_in_force(catalog: Catalog) -> None:
    stop = threading.Event()
    with catalog.triples() as store:
        work = threading.Thread(target=run_relay, args=(catalog.parts, store, stop))
        work.start()
        try:
            load_release(catalog.parts, changed("precision", RENAMED), now=now())
            work.join(20)
            assert not work.is_alive()
        finally:
            stop.set()
            work.join(20)


def test_what_is_submitted_after_a_load_is_judged_by_it(tmp_path: Path) -> None:
    whole = with_library(catalog_in(tmp_path), library())
    files = changed("precision", RENAMED, of=library())
    load_release(whole.parts, files, now=now())
    after = with_library(whole, library_in_force(whole.parts.database, library()))
    assert after.submit("Judged anew").report["shapes_version"] == library_of(files).version
