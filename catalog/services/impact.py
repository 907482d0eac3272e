"""Telling what another release of vocabularies and shapes would do to the items, before it does.

The record is gone through a page at a time and judged a batch at a time by several threads, so
that memory stays flat and every core works. By the same shapes, only what cites a term of which
judging sees something else is judged again. Nothing is changed here.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import RECORD, item_iri, quoted
from catalog.domain.impact import (
    Case,
    Migration,
    Outcome,
    Term,
    Verdict,
    cited,
    iris_in,
    migrated,
    outcome_of,
    terms_seen_otherwise,
    terms_that_go,
)
from catalog.domain.impact_report import Affected, Impact
from catalog.domain.lifecycle import State
from catalog.domain.report import LEVELS, RECORD_COMPONENT, Level
from catalog.library import Library
from catalog.parts import Parts
from catalog.services.releases import SHAPES, completed, library_of, part
from catalog.tables import Account, File, Item, Version

_PAGE = 200
_BATCH = 50
_BATCH_CHARACTERS = 2_000_000
_AHEAD = 3
"""How many batches are prepared for each worker while it works on one."""


class Verdicts(Protocol):
    """Judges stored descriptions where bad ones cannot hurt, many in one go."""

    def judge_many(self, cases: Sequence[Case], bases: tuple[str, ...]) -> tuple[Verdict, ...]:
        """Return a verdict for each case, in their order.

        bases  every base that the catalog runs or ran under, and that of the record
        """


@dataclass(frozen=True, slots=True)
class Benches:
    """Where descriptions are judged, by the library in force and by the other one.

    threads  how many may ask each of them at the same time
    """

    today: Verdicts
    other: Verdicts
    threads: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """A version as the record has it; `conforms` is None where no report of today says it."""

    item_id: str
    version: int
    stage: str
    state: State
    type: str
    title: str
    owner: str
    ntriples: str
    draft_open: bool
    conforms: bool | None
    files: tuple[str, ...]

    @property
    def level(self) -> Level:
        return "publication" if self.state is State.PUBLISHED else "draft"

    @property
    def case(self) -> Case:
        return Case(item_iri(self.item_id), self.ntriples, self.files)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is looked for in every description.

    terms      those that go
    otherwise  the terms for which a verdict may differ; None where shapes differ, and all may
    """

    terms: Mapping[str, Term]
    otherwise: frozenset[str] | None
    bases: tuple[str, ...]

    def touches(self, one: _Kept) -> bool:
        return self.otherwise is None or not self.otherwise.isdisjoint(iris_in(one.ntriples))


def _planned(parts: Parts, other: Library) -> _Plan:
    today, vocabularies = parts.library, other.vocabularies
    same_shapes = part(today.files, SHAPES) == part(other.files, SHAPES)
    return _Plan(
        terms_that_go(today.vocabularies, vocabularies),
        terms_seen_otherwise(today.vocabularies, vocabularies) if same_shapes else None,
        (RECORD, *parts.bases),
    )


def impact(
    parts: Parts,
    other: Library,
    benches: Benches,
    *,
    limit: int,
    see: Callable[[Affected], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Impact:
    """Return what `other` in place of the library in force would do to every item.

    Of each item the newest published version and the open draft are judged, each at the level of
    its state.

    limit     how many versions of each kind the report lists; all are counted
    see       is shown every version that the report would list, in the order of ids
    progress  is told how many items are done, of how many
    """
    plan = _planned(parts, other)
    found = Impact(
        base=parts.settings.base,
        today=parts.library.version,
        other=other.version,
        terms=plan.terms,
        limit=limit,
    )
    total = _count(parts)
    pages = ((len(ids), _batches(versions)) for ids, versions in _pages(parts))
    for items, affected in _judged(plan, benches, pages):
        for one in affected:
            found.count(one)
            if one.is_told:
                see(one)
        found.items += items
        progress(found.items, total)
    return found


def library_beside(today: Library, files: Mapping[str, bytes]) -> Library:
    """Return the library of `files`, completed by `today` and found to work.

    files  by `vocab/{name}` and `shapes/{name}`; one of the two kinds may be missing

    Raises NotAcceptable where the shapes cannot be compiled.
    """
    found = library_of(completed(files, today.files))
    try:
        found.warm()
    except Exception as fault:  # noqa: BLE001 - each engine has errors of its own
        raise NotAcceptable(f"These vocabularies and shapes cannot be used: {fault}.") from None
    return found


def _count(parts: Parts) -> int:
    with parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Item)) or 0


# -- the record, page by page


def _pages(parts: Parts) -> Iterator[tuple[Sequence[str], list[_Kept]]]:
    """Go through all items, in order, with those of their versions that count."""
    after = ""
    while True:
        with parts.database.reading() as session:
            ids = session.scalars(
                select(Item.id).where(Item.id > after).order_by(Item.id).limit(_PAGE)
            ).all()
            kept = _versions(session, ids, parts.library.version) if ids else []
        if not ids:
            return
        yield ids, kept
        after = ids[-1]


def _versions(session: Session, ids: Sequence[str], library_version: str) -> list[_Kept]:
    """Return the newest published version of each item, and its open draft, if there are any."""
    newest = (
        select(Version.item_id, Version.state, func.max(Version.n).label("n"))
        .where(Version.item_id.in_(ids), Version.state != State.WITHDRAWN.value)
        .group_by(Version.item_id, Version.state)
        .subquery()
    )
    is_newest = (newest.c.item_id == Version.item_id) & (newest.c.n == Version.n)
    rows = session.execute(
        select(Version, Account.name)
        .join(newest, is_newest)
        .join(Item, Item.id == Version.item_id)
        .join(Account, Account.id == Item.owner_id)
        .order_by(Version.item_id, Version.n)
    ).all()
    files: dict[tuple[str, int], list[str]] = {}
    named = select(File.item_id, File.n, File.name).where(File.item_id.in_(ids))
    for item_id, n, name in session.execute(named):
        files.setdefault((item_id, n), []).append(quoted(name))
    drafts = {row.item_id for row, _ in rows if row.state == State.DRAFT.value}
    return [
        _kept(row, owner, tuple(files.get((row.item_id, row.n), ())), drafts, library_version)
        for row, owner in rows
    ]


def _kept(
    row: Version, owner: str, files: tuple[str, ...], drafts: set[str], library_version: str
) -> _Kept:
    state = State(row.state)
    is_of_today = row.library_version == library_version
    return _Kept(
        item_id=row.item_id,
        version=row.n,
        stage=f"{row.n}.{row.revision}.{row.file_changes}.{row.state_changes}",
        state=state,
        type=row.type,
        title=row.title,
        owner=owner,
        ntriples=row.ntriples,
        draft_open=row.item_id in drafts,
        conforms=_conforms(row.report, state) if is_of_today else None,
        files=files,
    )


def _conforms(report: Mapping[str, Any], state: State) -> bool:
    """Tell what a stored report says, without the findings of the record."""
    counted = LEVELS if state is State.PUBLISHED else LEVELS[:1]
    return not any(
        finding["severity"] == "violation"
        and finding["level"] in counted
        and finding["component"] != RECORD_COMPONENT
        for finding in report["findings"]
    )


def _batches(versions: Iterable[_Kept]) -> Iterator[list[_Kept]]:
    """Yield what is judged in one go: at most fifty, and fewer where they are long."""
    batch: list[_Kept] = []
    characters = 0
    for version in versions:
        if batch and (len(batch) >= _BATCH or characters > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(version)
        characters += len(version.ntriples)
    if batch:
        yield batch


# -- judging


def _judged(
    plan: _Plan,
    benches: Benches,
    pages: Iterable[tuple[int, Iterable[list[_Kept]]]],
) -> Iterator[tuple[int, list[Affected]]]:
    """Yield the verdicts of each batch, in order, with the number of items done by it."""
    running: deque[tuple[int, Future[list[Affected]]]] = deque()
    threads = ThreadPoolExecutor(benches.threads, thread_name_prefix="impact")
    try:
        for items, batches in pages:
            for batch in batches:
                if len(running) >= _AHEAD * benches.threads:
                    done, first = running.popleft()
                    yield done, first.result()
                running.append((0, threads.submit(_judge_batch, batch, plan, benches)))
            running.append((items, threads.submit(list)))
        while running:
            done, first = running.popleft()
            yield done, first.result()
    finally:
        # Whoever stops here closes the pools, which ends what the threads wait for.
        threads.shutdown(wait=False, cancel_futures=True)


def _judge_batch(batch: list[_Kept], plan: _Plan, benches: Benches) -> list[Affected]:
    """Judge a batch: by today where nothing says how it is, by the other where that may differ."""
    unknown = [one for one in batch if one.conforms is None]
    today = _verdicts(benches.today, plan, [one.case for one in unknown])
    by_today = dict(zip(map(_name, unknown), today, strict=True))
    touched = [one for one in batch if plan.touches(one)]
    cites = [cited(one.ntriples, plan.terms) for one in batch]
    moved = [
        migrated(item_iri(one.item_id), one.ntriples, terms) if terms else None
        for one, terms in zip(batch, cites, strict=True)
    ]
    changed = [
        Case(item_iri(one.item_id), migration.ntriples, one.files)
        for one, migration in zip(batch, moved, strict=True)
        if migration is not None
    ]
    other = _verdicts(benches.other, plan, [*(one.case for one in touched), *changed])
    by_other = dict(zip(map(_name, touched), other[: len(touched)], strict=True))
    afterwards = iter(other[len(touched) :])
    return [
        _affected(
            one,
            by_today.get(_name(one)),
            by_other.get(_name(one)),
            terms,
            migration,
            next(afterwards) if migration else None,
        )
        for one, terms, migration in zip(batch, cites, moved, strict=True)
    ]


def _verdicts(judge: Verdicts, plan: _Plan, cases: list[Case]) -> tuple[Verdict, ...]:
    return judge.judge_many(cases, plan.bases) if cases else ()


def _name(one: _Kept) -> tuple[str, int]:
    return one.item_id, one.version


def _affected(
    one: _Kept,
    by_today: Verdict | None,
    by_other: Verdict | None,
    cites: tuple[Term, ...],
    migration: Migration | None,
    afterwards: Verdict | None,
) -> Affected:
    """Put together what is known of a version.

    by_today  None where its report says it
    by_other  None where the other release sees nothing else in it: then it is as it is today
    """
    conforms = by_today.conforms_at(one.level) if by_today else bool(one.conforms)
    verdict = by_other or by_today
    if verdict is not None:
        outcome = outcome_of(conforms=conforms, verdict=verdict, level=one.level)
    else:
        outcome = Outcome.CONFORMS if conforms else Outcome.FAILS
    return Affected(
        item_id=one.item_id,
        version=one.version,
        stage=one.stage,
        state=one.state,
        type=one.type,
        title=one.title,
        owner=one.owner,
        level=one.level,
        draft_open=one.draft_open,
        outcome=outcome,
        verdict=verdict or Verdict(),
        cites=cites,
        migration=migration,
        afterwards=afterwards,
    )
