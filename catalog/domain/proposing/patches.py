"""How the files of the vocabularies change by a proposal, as a patch that a maintainer commits.

What a proposal says about one concept has consequences elsewhere: a parent names its narrower
terms, and a scheme its top concepts. All of it stands in one patch, file by file.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.domain.description import RDF
from catalog.domain.errors import WrongState
from catalog.domain.identifiers import VOCAB
from catalog.domain.proposing.blocks import Change, Splice, VocabularyFile, spliced, unified_diff
from catalog.domain.proposing.proposals import (
    CHANGE_NOTE,
    Difference,
    Plan,
    ProposalRecord,
    State,
    change_note,
)
from catalog.domain.proposing.troubles import file_of
from catalog.domain.schemes import SKOS, Row, Vocabularies


@dataclass(frozen=True, slots=True)
class FileChange:
    """How one file changes."""

    scheme: str
    file: VocabularyFile
    splices: tuple[Splice, ...]

    @property
    def content(self) -> bytes:
        """The whole file as it would be."""
        return spliced(self.file.lines, self.splices)

    @property
    def diff(self) -> str:
        """The change as a unified diff; "" where nothing changes."""
        return unified_diff(self.file.path, self.file.lines, self.splices)


def patch_of(proposal: ProposalRecord, vocabularies: Vocabularies) -> str:
    """Return the unified diff that puts a proposal in force; of an open one it is a preview.

    Raises WrongState for proposals that ended otherwise, where nothing is left to change, and
    where a file is not laid out as ours are.
    """
    if proposal.state not in {State.OPEN, State.ACCEPTED}:
        raise WrongState("There is no patch of a proposal that was refused or withdrawn.")
    if proposal.in_force:
        raise WrongState("The vocabularies say so already; there is nothing left to patch.")
    note = None
    if proposal.state is State.ACCEPTED and proposal.decision is not None:
        note = change_note(proposal.id, proposal.plan.kind, proposal.decision.at)
    return "".join(one.diff for one in file_changes(proposal.plan, vocabularies, note))


def file_changes(
    plan: Plan, vocabularies: Vocabularies, note: str | None = None
) -> tuple[FileChange, ...]:
    """Return how each file would change, the one of the concept first.

    note  what is noted at the concept about the change, as a term
    """
    found: dict[str, list[Change]] = {plan.scheme: []}
    for scheme, change in _changes(plan, vocabularies, note):
        found.setdefault(scheme, []).append(change)
    changes = []
    for scheme, wanted in found.items():
        text = vocabularies.file(scheme)
        if text is not None:
            file = VocabularyFile(file_of(scheme), text)
            changes.append(FileChange(scheme, file, file.edited(wanted)))
    return tuple(changes)


def _changes(
    plan: Plan, vocabularies: Vocabularies, note: str | None
) -> Iterable[tuple[str, Change]]:
    """Yield every change with the name of the scheme whose file it belongs to."""
    row = vocabularies.row(plan.concept)
    differences: dict[str, Difference] = {**plan.differences}
    if row is None:
        differences |= {
            f"{RDF}type": Difference((), (f"<{SKOS}Concept>",)),
            f"{SKOS}inScheme": Difference((), (f"<{VOCAB}{plan.scheme}>",)),
        }
    if note is not None:
        differences[CHANGE_NOTE] = Difference((), (note,))
    for iri, one in differences.items():
        yield plan.scheme, Change(plan.concept, iri, one.removed, one.added)
    yield from _of_parents(plan, vocabularies)
    yield from _of_scheme(plan, row, vocabularies)


def _of_parents(plan: Plan, vocabularies: Vocabularies) -> Iterable[tuple[str, Change]]:
    """Yield that the hierarchy is told from its other end as well."""
    moved = plan.differences.get(f"{SKOS}broader", Difference())
    own = (f"<{plan.concept}>",)
    for terms, removed, added in ((moved.removed, own, ()), (moved.added, (), own)):
        for term in terms:
            if (scheme := vocabularies.scheme_of(term[1:-1])) is not None:
                yield scheme, Change(term[1:-1], f"{SKOS}narrower", removed, added)


def _of_scheme(
    plan: Plan, row: Row | None, vocabularies: Vocabularies
) -> Iterable[tuple[str, Change]]:
    """Yield that the scheme names the concept among its top ones just if no parent is in it."""
    if row is not None and f"{SKOS}broader" not in plan.differences:
        return
    above = plan.after(row).get(f"<{SKOS}broader>", ())
    is_top = not any(vocabularies.scheme_of(term[1:-1]) == plan.scheme for term in above)
    own, none = (f"<{plan.concept}>",), ()
    removed, added = (none, own) if is_top else (own, none)
    yield plan.scheme, Change(f"{VOCAB}{plan.scheme}", f"{SKOS}hasTopConcept", removed, added)


def with_plans(plans: Iterable[Plan], vocabularies: Vocabularies) -> Vocabularies:
    """Return the vocabularies as they will be once `plans` are in force, one after the other.

    A plan whose file cannot be changed as it stands is passed over.
    """
    for plan in plans:
        try:
            changed = {one.scheme: one.content for one in file_changes(plan, vocabularies)}
        except WrongState:
            continue
        files = {name: vocabularies.file(name) or b"" for name in vocabularies.names}
        vocabularies = Vocabularies(files | changed)
    return vocabularies
