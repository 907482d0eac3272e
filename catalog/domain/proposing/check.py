"""Whether a plan holds by the rules of the vocabularies, once it is carried out.

The rules are those of `vocab check`; they judge the changed files together with those that these
cite, and what was at fault before is nobody's fault now.
"""

import re
from collections.abc import Iterator, Mapping

from catalog.domain.identifiers import VOCAB
from catalog.domain.proposing.patches import FileChange, file_changes
from catalog.domain.proposing.proposals import Plan
from catalog.domain.proposing.rules import asked_again, plan_of
from catalog.domain.proposing.troubles import Trouble, refused
from catalog.domain.rules.faults import Fault
from catalog.domain.rules.vocabularies import check
from catalog.domain.schemes import Vocabularies

_NO_FIELD = "proposal"


def check_plan(plan: Plan, vocabularies: Vocabularies) -> None:
    """Return if a plan may be carried out on the vocabularies as they are.

    Raises NotAcceptable with every trouble in `errors`: first what its own fields are refused
    for, else the rules that the changed files would break, with file and line after the change.
    """
    plan_of(asked_again(plan, vocabularies), vocabularies, ())
    troubles = [_trouble(fault) for fault in broken_rules(plan, vocabularies)]
    if troubles:
        raise refused(troubles)


def broken_rules(plan: Plan, vocabularies: Vocabularies) -> tuple[Fault, ...]:
    """Return the violations that a plan would bring into the files it changes."""
    changes = file_changes(plan, vocabularies)
    before = dict(_files_around(changes, vocabularies))
    after = before | {one.scheme: one.content for one in changes}
    paths = {one.file.path for one in changes}
    known = {_identity(fault) for fault in check(before)}
    return tuple(
        fault
        for fault in check(after)
        if fault.severity == "violation" and fault.file in paths and _identity(fault) not in known
    )


def _files_around(
    changes: tuple[FileChange, ...], vocabularies: Vocabularies
) -> Iterator[tuple[str, bytes]]:
    """Yield the files that change, and those whose concepts the changed lines cite."""
    wanted: dict[str, None] = {one.scheme: None for one in changes}
    for one in changes:
        names = {**one.file.prefixes, **_new_prefixes(one)}
        for splice in one.splices:
            wanted.update(dict.fromkeys(_cited(" ".join(splice.lines), names)))
    for name in wanted:
        if (text := vocabularies.file(name)) is not None:
            yield name, text


def _new_prefixes(change: FileChange) -> Mapping[str, str]:
    lines = (line for splice in change.splices for line in splice.lines)
    return {found[1]: found[2] for line in lines if (found := _PREFIX.match(line))}


def _cited(text: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the schemes whose concepts a text names, by IRI or by prefix."""
    yield from _IRI.findall(text)
    for prefix in _NAME.findall(text):
        namespace = names.get(prefix, "")
        if namespace.startswith(VOCAB):
            yield namespace[len(VOCAB) :].rstrip("/")


_IRI = re.compile(re.escape(f"<{VOCAB}") + r"([a-z0-9-]+)")
_NAME = re.compile(r"(?<![\w:])([a-z][a-z0-9-]*):(?=[A-Za-z0-9_])")
_PREFIX = re.compile(r"@prefix ([\w-]*): <([^>]*)>")


def _identity(fault: Fault) -> tuple[str, str, str, str]:
    return fault.file, fault.rule, fault.focus, fault.sentence


def _trouble(fault: Fault) -> Trouble:
    return Trouble(_NO_FIELD, fault.rule, fault.sentence, fault.focus, fault.file, fault.line)
