"""Which states a version passes through, and what each of them allows (contract section 4)."""

from datetime import datetime
from enum import StrEnum

from catalog.domain.errors import NotAcceptable, WrongState


class State(StrEnum):
    """Where a version stands. The concepts of the scheme `lifecycle-status` describe each."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Visibility(StrEnum):
    """Who sees what is published. Drafts have one as well; it takes effect at publication."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    EMBARGOED = "embargoed"
    SHARED = "shared"
    PRIVATE = "private"


METADATA_ARE_PUBLIC = frozenset({Visibility.PUBLIC, Visibility.RESTRICTED, Visibility.EMBARGOED})
"""The visibilities under which everybody sees the description of what is published."""

OFFERED = (Visibility.PUBLIC, Visibility.PRIVATE)
"""The visibilities that a publication may ask for today; the others follow with sharing."""


def visibility_named(text: str) -> Visibility:
    """Return the visibility of that name, or refuse it in a sentence that lists those offered."""
    if text in OFFERED:
        return Visibility(text)
    names = " or ".join(f'"{offered}"' for offered in OFFERED)
    raise NotAcceptable(f'visibility "{text}" is not offered; say {names}.')


def is_announced(published: datetime | None, visibility: Visibility) -> bool:
    """Tell whether everybody may see a version: its description or, once withdrawn, its tombstone.

    published  when, or None; visibility is never narrowed afterwards, so it is still the one that
               everybody saw
    """
    return published is not None and visibility in METADATA_ARE_PUBLIC


def check_can_publish(state: State) -> None:
    """Refuse to publish what is not a draft."""
    if state is not State.DRAFT:
        raise WrongState(f"This version is {state}; only a draft can be published.")


def check_can_begin_version(state: State, draft: int | None) -> None:
    """Refuse to begin a next version beside an open draft, or of what was never published.

    draft  the number of the version that is open, if there is one
    """
    if draft is not None:
        raise WrongState(
            f"Version {draft} is a draft already. Change that one, publish it or delete it."
        )
    if state is not State.PUBLISHED:
        raise WrongState("Only of what is published can a next version begin.")


def check_can_delete(state: State) -> None:
    """Refuse to delete what was published: it can only be withdrawn."""
    if state is not State.DRAFT:
        raise WrongState(
            "What is published is not deleted, since others may cite it. "
            "Withdraw it: POST to its /withdrawal with a reason."
        )


def check_can_withdraw(state: State) -> None:
    """Refuse to withdraw what was never published."""
    if state is not State.PUBLISHED:
        raise WrongState("Only what is published can be withdrawn; a draft can be deleted.")


def check_files_open(state: State) -> None:
    """Refuse to change the files of a version that is frozen."""
    if state is not State.DRAFT:
        raise WrongState(
            "The files of a published version are frozen; a change needs a new version."
        )


def check_visibility_change(state: State, old: Visibility, new: Visibility) -> None:
    """Refuse to hide what everybody could see, and to set the visibility of a draft."""
    if state is not State.PUBLISHED:
        raise WrongState("A draft has no visibility yet; it is chosen at publication.")
    if old in METADATA_ARE_PUBLIC and new not in METADATA_ARE_PUBLIC:
        raise WrongState(f"What is {old} cannot become {new}; withdraw it instead.")
