"""The report on what another release would do to the items: counted whole, listed in part."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.domain.description import Statement
from catalog.domain.identifiers import item_iri
from catalog.domain.impact import Migration, Outcome, Term, Verdict
from catalog.domain.lifecycle import State
from catalog.domain.report import LEVELS, Finding, Level
from catalog.domain.writing import rebased

_SHORTEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class Affected:
    """What the other release means for one version of an item.

    level       the level that the version has to conform at: that of its state
    draft_open  whether a draft of the next version is open beside it
    cites       the terms it cites that go
    migration   its description with these replaced; None where none has a replacement
    afterwards  the verdict of the other release on that; None without a migration
    """

    item_id: str
    version: int
    stage: str
    state: State
    type: str
    title: str
    owner: str
    level: Level
    draft_open: bool
    outcome: Outcome
    verdict: Verdict
    cites: tuple[Term, ...] = ()
    migration: Migration | None = None
    afterwards: Verdict | None = None

    @property
    def conforms_afterwards(self) -> bool | None:
        """Whether it conforms once its terms are replaced; None where nothing is replaced."""
        return None if self.afterwards is None else self.afterwards.conforms_at(self.level)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What breaks it, at its level or below."""
        counted = LEVELS[: LEVELS.index(self.level) + 1]
        return tuple(one for one in self.verdict.violations if one.level in counted)

    @property
    def is_told(self) -> bool:
        """Whether the report lists it, and not only counts it."""
        return bool(self.cites) or self.outcome in _TOLD

    def address(self, base: str) -> str:
        """Return the address of the version under `base`."""
        return f"{item_iri(self.item_id, base)}/v/{self.version}"

    def to_dict(self, base: str) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "id": self.item_id,
            "version": self.version,
            "iri": self.address(base),
            "state": self.state.value,
            "type": self.type,
            "title": self.title,
            "owner": self.owner,
            "level": self.level,
            "outcome": self.outcome.value,
            "problem": self.verdict.problem,
            "violations": [finding.to_dict() for finding in self.violations],
            "cites": [term.iri for term in self.cites],
            "migrates": self.migration is not None,
            "conforms_afterwards": self.conforms_afterwards,
        }


_TOLD = {
    Outcome.BREAKS: "Would newly fail",
    Outcome.UNJUDGED: "Could not be judged",
    Outcome.IMPROVES: "Would get better",
}
"""The outcomes that are listed for themselves, in the order of the report."""

_CITING = "Cite a term that goes"


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written for one version: a sentence, or why nothing was."""

    item_id: str
    version: int
    sentence: str
    failed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"id": self.item_id, "version": self.version, "sentence": self.sentence}


@dataclass(slots=True)
class Impact:
    """What another release would do, counted while the record is gone through.

    base           the address of the catalog, ending in a slash
    today, other   the versions of the two libraries
    terms          those that go, by IRI
    limit          how many versions of each kind are listed; all are counted
    uses           how many items cite each of the terms
    """

    base: str
    today: str
    other: str
    terms: Mapping[str, Term]
    limit: int
    items: int = 0
    versions: int = 0
    citing: int = 0
    migrating: int = 0
    conforming_afterwards: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    uses: Counter[str] = field(default_factory=Counter)
    listed: list[Affected] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    _kinds: Counter[str] = field(default_factory=Counter)
    _last: dict[str, str] = field(default_factory=dict)

    @property
    def breaks(self) -> bool:
        """Whether something that conforms today would fail, or could not be judged."""
        return bool(self.outcomes[Outcome.BREAKS] or self.outcomes[Outcome.UNJUDGED])

    @property
    def failed(self) -> bool:
        """Whether something that was to be written could not be."""
        return any(one.failed for one in self.applied)

    def count(self, one: Affected) -> None:
        """Count a version; those of an item follow each other."""
        self.versions += 1
        self.outcomes[one.outcome] += 1
        self.citing += bool(one.cites)
        self.migrating += one.migration is not None
        self.conforming_afterwards += bool(one.conforms_afterwards)
        for term in one.cites:
            if self._last.get(term.iri) != one.item_id:
                self._last[term.iri] = one.item_id
                self.uses[term.iri] += 1
        kind = _kind(one)
        if one.is_told:
            self._kinds[kind] += 1
            if self._kinds[kind] <= self.limit:
                self.listed.append(one)

    @property
    def left_out(self) -> int:
        """How many versions are counted that would be listed, were there no limit."""
        return self._kinds.total() - len(self.listed)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for machines."""
        return {
            "breaks": self.breaks,
            "today": self.today,
            "other": self.other,
            "items": self.items,
            "versions": self.versions,
            "outcomes": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "citing": self.citing,
            "migrating": self.migrating,
            "conforming_afterwards": self.conforming_afterwards,
            "terms": [_term(term, self.uses[term.iri]) for term in self._by_use()],
            "affected": [one.to_dict(self.base) for one in self.listed],
            "left_out": self.left_out,
            "applied": [one.to_dict() for one in self.applied if not one.failed],
            "failed": [one.to_dict() for one in self.applied if one.failed],
        }

    def to_text(self) -> str:
        """Return the report for people."""
        return "\n".join((*self._summary(), *self._table(), *self._lists(), *self._written()))

    def _by_use(self) -> list[Term]:
        """Return the terms, the most used first."""
        return sorted(self.terms.values(), key=lambda term: (-self.uses[term.iri], term.iri))

    def _summary(self) -> Iterator[str]:
        if self.other == self.today:
            yield f"These are the vocabularies and shapes in force ({self.today})."
        else:
            yield f"{self.other} in place of {self.today}, which is in force."
        yield f"{self.items:,} items, of which {self.versions:,} versions were judged:"
        for outcome, sentence in _SENTENCES.items():
            if self.outcomes[outcome] or outcome is Outcome.BREAKS:
                yield f"  {self.outcomes[outcome]:>7,} {sentence}"
        if self.citing:
            yield (
                f"  {self.citing:>7,} cite a term that goes; {self.migrating:,} can be migrated, "
                f"after which {self.conforming_afterwards:,} of these conform"
            )

    def _table(self) -> Iterator[str]:
        cited = [term for term in self._by_use() if self.uses[term.iri]]
        others = len(self.terms) - len(cited)
        if cited:
            yield "\nTerms that go, and are cited:"
            yield f"  {'items':>7}  {'':<10}  term"
        for term in cited:
            yield f"  {self.uses[term.iri]:>7,}  {term.fate.value:<10}  {term.label} <{term.iri}>"
            yield f"  {'':>7}  {'':<10}  {_way_out(term)}"
        if others:
            yield f"{'And ' if cited else ''}{others:,} that go, or are deprecated, cited by none."

    def _lists(self) -> Iterator[str]:
        for kind in (*_TOLD.values(), _CITING):
            shown = [one for one in self.listed if _kind(one) == kind]
            if not shown:
                continue
            count = self._kinds[kind]
            told = f"{count:,}, the first {len(shown)}" if count > len(shown) else f"{count:,}"
            yield f"\n{kind} ({told}):"
            for one in shown:
                yield from self._lines(one)

    def _lines(self, one: Affected) -> Iterator[str]:
        title = one.title if len(one.title) <= _SHORTEST_TITLE else f"{one.title[:57]}..."
        yield f'  {one.type} "{title}", {one.state.value}, of {one.owner}'
        yield f"    {one.address(self.base)}"
        if one.verdict.problem:
            yield f"    ✗ {one.verdict.problem}"
        if one.outcome is Outcome.BREAKS:
            for finding in one.violations:
                about = f"{finding.property}: " if finding.property else ""
                yield f"    ✗ {about}{finding.message}"
        for term in one.cites:
            yield f"    · cites {term.label} <{term.iri}>, {term.fate.value}; {_way_out(term)}"
        if one.cites and one.draft_open and one.state is not State.DRAFT:
            yield "    · a draft of its next version is open"
        if one.conforms_afterwards is not None:
            yield f"    → {'conforms' if one.conforms_afterwards else 'still fails'} once migrated"

    def _written(self) -> Iterator[str]:
        done = [one for one in self.applied if not one.failed]
        failed = [one for one in self.applied if one.failed]
        if done:
            yield "\nWritten; nothing was published by it, which is for their owners to do:"
            yield from (f"  {one.item_id} version {one.version}: {one.sentence}" for one in done)
        if failed:
            yield "\nNot written:"
            yield from (f"  {one.item_id} version {one.version}: {one.sentence}" for one in failed)


_SENTENCES = {
    Outcome.BREAKS: "would newly fail",
    Outcome.UNJUDGED: "could not be judged",
    Outcome.IMPROVES: "would get better",
    Outcome.FAILS: "fail today and would go on failing",
    Outcome.CONFORMS: "conform today and would go on conforming",
}


def _kind(one: Affected) -> str:
    return _TOLD.get(one.outcome, _CITING)


def _way_out(term: Term) -> str:
    if term.replacement:
        return f"replaced by <{term.replacement}>"
    if term.replaced_by:
        choice = " or ".join(f"<{iri}>" for iri in term.replaced_by)
        return f"replaced by {choice}, which a person has to choose"
    return "nothing replaces it"


def _term(term: Term, items: int) -> dict[str, Any]:
    return {
        "iri": term.iri,
        "label": term.label,
        "scheme": term.scheme,
        "fate": term.fate.value,
        "replaced_by": list(term.replaced_by),
        "replacement": term.replacement,
        "items": items,
    }


def patch_of(one: Affected, base: str) -> str:
    """Return the RDF Patch that migrates one version; "" where nothing is replaced."""
    if one.migration is None:
        return ""
    lines = [
        f"# {one.type} {one.item_id} version {one.version}, {one.state.value}",
        "TX .",
        *_rows("D", one.migration.removed, base),
        *_rows("A", one.migration.added, base),
        "TC .",
    ]
    return "\n".join(lines) + "\n"


def _rows(mark: str, statements: Iterable[Statement], base: str) -> Iterator[str]:
    return (f"{mark} {s} {p} {o} ." for s, p, o in rebased(statements, base))
