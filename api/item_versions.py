"""The versions of an item beside the one on its page: which is newer, which came before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.frame import Frame
from api.naming import Naming
from catalog.domain.lifecycle import State
from catalog.domain.record import ItemRecord, VersionName


@dataclass(frozen=True, slots=True)
class VersionShown:
    """One version in the list of them.

    doi         its DOI, "" while nobody can resolve it; `doi_href` leads where it does
    difference  where it is told how it differs from the one before, "" for the first
    """

    n: int
    href: str
    state: State
    state_label: str
    published: datetime | None
    doi: str
    doi_href: str
    difference: str


@dataclass(frozen=True, slots=True)
class VersionsShown:
    """The versions that the caller may see, the newest first, and where among them one stands.

    newer      the newest that is published, else one that is a draft; None for none that is newer
    before     what is published and stays while the one at hand is a draft
    following  the number that the next version will have
    """

    lines: tuple[VersionShown, ...]
    previous: VersionShown | None
    next: VersionShown | None
    newer: VersionShown | None
    before: VersionShown | None
    following: int
    history: str
    difference: str


def versions_shown(record: ItemRecord, words: Naming, frame: Frame) -> VersionsShown:
    """Return the versions of an item as the page of one of them shows them."""
    here = f"{frame.root}items/{record.id}"
    lines = _lines(record.versions, here, words, frame)
    there = [line for line in lines if line.state is not State.WITHDRAWN]
    earlier = [line for line in there if line.n < record.version]
    later = [line for line in there if line.n > record.version]
    newer = next((line for line in later if line.state is State.PUBLISHED), None)
    published = next((line for line in earlier if line.state is State.PUBLISHED), None)
    return VersionsShown(
        lines=lines,
        previous=earlier[0] if earlier else None,
        next=later[-1] if later else None,
        newer=newer or next(iter(later), None),
        before=published if record.state is State.DRAFT else None,
        following=max([record.version, *(line.n for line in lines)]) + 1,
        history=f"{here}/history",
        difference=f"{here}/difference",
    )


def _lines(
    versions: Sequence[VersionName], here: str, words: Naming, frame: Frame
) -> tuple[VersionShown, ...]:
    found: list[VersionShown] = []
    before: VersionName | None = None
    for version in versions:
        differs = before is not None and version.state is not State.WITHDRAWN
        found.append(
            VersionShown(
                n=version.n,
                href=f"{here}/v/{version.n}",
                state=version.state,
                state_label=words.of_state(version.state),
                published=version.published,
                doi=version.doi or "",
                doi_href=frame.doi_resolver + version.doi if version.doi else "",
                difference=(
                    f"{here}/difference?from=v/{before.n}&to=v/{version.n}"
                    if before is not None and differs
                    else ""
                ),
            )
        )
        if version.state is not State.WITHDRAWN:
            before = version
    return tuple(reversed(found))
