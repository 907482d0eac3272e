"""The page of one's tokens: what each may be used for, in words, and a new one shown once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.frame import Frame
from api.rendering import page_of
from catalog.domain.errors import CatalogError
from catalog.domain.permissions import Scope
from catalog.services.tokens import MOST_DAYS, USUAL_DAYS, TokenLine, TokenState

WORDS: Final[dict[Scope, tuple[str, str]]] = {
    Scope.READ: ("Read", "see what you see, and fetch files"),
    Scope.WRITE: ("Write", "describe items, change drafts, upload files, ask for access"),
    Scope.PUBLISH: ("Publish", "publish, share, deprecate, withdraw and hand on items"),
    Scope.CURATE: ("Curate", "decide about the vocabularies"),
    Scope.ADMIN: ("Administer", "everything to everything"),
}
"""What a scope is called, and what a token that has it can do."""

_CHOICES: Final = (7, 30, USUAL_DAYS, MOST_DAYS)


@dataclass(frozen=True, slots=True)
class Made:
    """A token that was just made, which nobody is shown again."""

    token: str
    label: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form: as it is at first, or as it was sent and refused."""

    label: str = ""
    scopes: Collection[Scope] = (Scope.WRITE,)
    days: int = USUAL_DAYS


def tokens(
    frame: Frame,
    *,
    lines: Sequence[TokenLine],
    offered: Sequence[Scope],
    filled: Filled | None = None,
    made: Made | None = None,
    error: CatalogError | None = None,
    is_ended: bool = False,
) -> str:
    """Return the page.

    lines    every token of the account
    offered  what new ones can be for
    made     the one that was just made
    error    why none was
    """
    return page_of(
        "tokens.html",
        frame,
        active=[line for line in lines if line.state is TokenState.ACTIVE],
        ended=[line for line in lines if line.state is not TokenState.ACTIVE],
        offered=[(scope, *WORDS[scope]) for scope in offered if scope is not Scope.READ],
        filled=filled or Filled(),
        choices=[(str(days), f"{days} days") for days in _CHOICES],
        names={scope: name for scope, (name, _) in WORDS.items()},
        made=made,
        error=error,
        is_ended=is_ended,
    )
