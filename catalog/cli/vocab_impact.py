"""`sage-catalog vocab impact`: tells what other vocabularies and shapes would do to the items."""

import argparse
import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from catalog.cli.operating import parts_of, settings_of
from catalog.cli.output import BLOCKED, GOOD, Output
from catalog.cli.reading import library_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from catalog.domain.impact_report import Affected, Applied, Impact
    from catalog.domain.permissions import Actor
    from catalog.domain.rules.vocabularies import Fault
    from catalog.library import Library
    from catalog.parts import Parts
    from catalog.services.impact import Benches

_LISTED = 50


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `vocab impact`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = (
        "Tell which items other vocabularies and shapes would break, which cite a term that goes, "
        "and what replaces it. Nothing is changed without --apply, and nothing is published by it."
    )
    parser.epilog = """examples:
  sage-catalog vocab impact ~/sage-vocabularies --data ./data
  sage-catalog vocab impact DIR --json > impact.json
  sage-catalog vocab impact DIR --patch migration.rdfp     an RDF Patch that replaces the terms
  sage-catalog vocab impact DIR --apply                    new revisions of drafts, and drafts of
                                                           the next versions of what is published

exit codes: 0 nothing breaks, 1 something would, DIR has faults, or something was not written
"""
    parser.add_argument("folder", metavar="DIR", type=Path, help="with vocab/, shapes/ or *.ttl")
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="(./data)")
    parser.add_argument("--patch", metavar="FILE", type=Path, help="write an RDF Patch there")
    parser.add_argument("--apply", action="store_true", help="write the migrated descriptions")
    parser.add_argument(
        "--limit", metavar="N", type=_limit, default=_LISTED, help=f"how many to list ({_LISTED})"
    )


def _limit(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("0 or more")
    return number


def run(said: argparse.Namespace, output: Output) -> int:
    """Tell what would happen; with --apply, write what migrates."""
    from catalog.services.impact import library_beside

    files = library_files(said.folder)
    parts = parts_of(settings_of(said))
    output.say("Checking the vocabularies and shapes ...")
    if blocking := _faults(files, parts.library):
        for fault in blocking:
            output.say(str(fault))
        evidence = {"faults": [str(fault) for fault in blocking]}
        sentence = f"Nothing was judged: {said.folder} breaks {len(blocking)} rule(s)."
        return output.fail_as(sentence, BLOCKED, evidence)
    found = _examined(said, output, parts, library_beside(parts.library, files))
    result = found.to_dict()
    if said.patch is not None:
        result["patch"] = str(said.patch)
    output.result(result, found.to_text())
    return BLOCKED if found.breaks or found.failed else GOOD


def _faults(files: "Mapping[str, bytes]", today: "Library") -> "list[Fault]":
    """Return the rules that the files break by themselves; terms that go are what is asked."""
    from catalog.domain.rules.vocabularies import check, check_shapes
    from catalog.services.releases import SHAPES, VOCAB, part

    vocabularies, shapes = part(files, VOCAB), part(files, SHAPES)
    faults = list(check(vocabularies)) if vocabularies else []
    if shapes:
        known = part(today.files, SHAPES)
        faults += check_shapes(shapes, vocabularies or part(today.files, VOCAB), known)
    return [fault for fault in faults if fault.severity == "violation"]


def _examined(
    said: argparse.Namespace, output: Output, parts: "Parts", other: "Library"
) -> "Impact":
    """Go through the record; write the patch, and what migrates, as it is met."""
    from catalog.services.impact import impact
    from catalog.services.migrate import local_actor

    actor = local_actor(parts) if said.apply else None
    applied: list[Applied] = []
    with (
        _patch(said.patch, parts.settings.base) as keep,
        _judging(parts, other) as (parts_here, benches),
        output.progress("Judging", None) as bar,
    ):

        def see(one: "Affected") -> None:
            keep(one)
            if actor is not None and (done := _written(parts_here, actor, one)):
                applied.append(done)

        found = impact(parts, other, benches, limit=said.limit, see=see, progress=bar.to)
    found.applied.extend(applied)
    return found


def _written(parts: "Parts", actor: "Actor", one: "Affected") -> "Applied | None":
    from catalog.services.migrate import migrate

    return migrate(parts, actor, one, now=datetime.now(UTC))


@contextmanager
def _judging(parts: "Parts", other: "Library") -> "Iterator[tuple[Parts, Benches]]":
    """Have jailed workers of both libraries: what is stored is what users sent.

    With them come the parts that judge in those of the library in force.
    """
    from catalog.bootstrap import library_folder
    from catalog.jail.judging import JailedJudge, JailedVerdicts
    from catalog.jail.limits import JUDGE
    from catalog.jail.pool import Pool
    from catalog.services.impact import Benches

    threads = os.cpu_count() or 1
    with TemporaryDirectory(prefix="sage-catalog-") as name:
        other.write_to(Path(name))
        places = library_folder(parts.settings, parts.library), Path(name)
        today, then = (
            Pool("judge", threads, spares=0, limits=JUDGE, readable=(), library=place)
            for place in places
        )
        try:
            benches = Benches(JailedVerdicts(today), JailedVerdicts(then), threads)
            yield replace(parts, judge=JailedJudge(today)), benches
        finally:
            today.close()
            then.close()


@contextmanager
def _patch(file: Path | None, base: str) -> "Iterator[Callable[[Affected], None]]":
    """Yield what writes the migration of a version into the patch, which is there whole or not."""
    from catalog.domain.impact_report import patch_of

    if file is None:
        yield lambda _: None
        return
    draft = file.with_name(f"{file.name}.new")
    try:
        with draft.open("w", encoding="utf-8") as opened:

            def keep(one: "Affected") -> None:
                opened.write(patch_of(one, base))

            yield keep
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
