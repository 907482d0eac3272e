"""The page on which an item is shared: who may do what in words, links, and whose it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from werkzeug.datastructures import MultiDict

from api.frame import Frame
from api.landing import Landing
from api.rendering import page_of
from catalog.domain.errors import CatalogError
from catalog.domain.lifecycle import State, in_words, is_announced
from catalog.domain.permissions import Right
from catalog.domain.sharing import EVERYBODY, LONGEST_NAME, Grant, Grantee, GranteeType
from catalog.library import Library
from catalog.services.ownership import Owned
from catalog.services.permissions import Shared
from catalog.services.share_links import LONGEST_DAYS, USUAL_DAYS, Link

MEANINGS: Final[Mapping[Right, str]] = {
    Right.READ: "may see it and fetch its files",
    Right.WRITE: "may change its description and its files",
    Right.READ_ACP: "may see who it is shared with",
    Right.WRITE_ACP: "may share it with others",
    Right.FULL_CONTROL: "may do everything: also publish it, delete it and give it away",
}
"""What a right allows, in words that go on after a name."""

DONE: Final[Mapping[str, str]] = {
    "shared": "Shared. It holds from now on.",
    "unshared": "Taken back. It holds from now on.",
    "ended": "The link is ended. It opens nothing any more.",
    "offered": "Offered. It stays as it is until they accept.",
    "given": "It has another owner now.",
    "taken-back": "The offer is taken back.",
}
"""What the page may say about what was just done, by the word that stands in its address."""


@dataclass(frozen=True, slots=True)
class Line:
    """A grantee with what it may do: (words, when that ends or "") each."""

    to: Grantee
    may: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """How the page calls it."""
        return "Everybody who has the address" if self.to.is_everybody else self.to.name

    @property
    def kind(self) -> str:
        """What it is, in a word; "" for everybody."""
        if self.to.is_everybody:
            return ""
        return "Group" if self.to.kind is GranteeType.GROUP else "Person"


def lines_of(grants: Sequence[Grant]) -> tuple[Line, ...]:
    """Return grants as the page lists them, a line each grantee."""
    return tuple(
        Line(
            to,
            tuple(
                (MEANINGS[one.right], in_words(one.expires) if one.expires else "")
                for one in of_one
            ),
        )
        for to, of_one in groupby(grants, key=lambda grant: grant.to)
    )


def sharing(
    frame: Frame,
    library: Library,
    *,
    shared: Shared,
    links: Sequence[Link],
    owned: Owned,
    now: datetime,
    names: Sequence[str] = (),
    groups: Sequence[str] = (),
    done: str | None = None,
    error: CatalogError | None = None,
    typed: MultiDict[str, str] | None = None,
    new_link: str | None = None,
) -> str:
    """Return the page on which an item is shared.

    names     to suggest where somebody is named
    groups    those that the caller is in, and could give the item to
    done      what was just done, as a word that `DONE` knows
    error     why the last change was refused, with `typed` in the form again
    new_link  the address of the link that was just made, to be shown this once
    """
    record, held = shared.record, shared.held
    here = f"{frame.root}items/{record.id}"
    is_open = is_announced(record.published, record.visibility)
    return page_of(
        "sharing.html",
        frame,
        title=Landing(frame, library, record, {}).title,
        here=here,
        stage=record.stage,
        access=_access(shared),
        lines=lines_of(shared.grants),
        may_share=Right.WRITE_ACP in held,
        may_own=Right.FULL_CONTROL in held,
        rights=[(one, MEANINGS[one]) for one in Right if one in held],
        everybody=EVERYBODY,
        offers_everybody=not is_open and not any(one.to.is_everybody for one in shared.grants),
        live=[one for one in links if one.is_live(now)],
        over=[one for one in links if not one.is_live(now)],
        owner=owned.owner,
        offer=owned.offer,
        names=names,
        groups=[one for one in groups if one != owned.owner.name and not one.startswith("link:")],
        longest=LONGEST_NAME,
        days=USUAL_DAYS,
        most_days=LONGEST_DAYS,
        notice=DONE.get(done or ""),
        error=error,
        chosen=typed.getlist("right") if typed else [Right.READ],
        typed={name: typed.get(name, "") if typed else "" for name in _TYPED},
        new_link=new_link,
    )


_TYPED: Final = ("kind", "name", "expires", "label", "days", "owner")


def _access(shared: Shared) -> str:
    """Return who sees the item whatever stands in the list."""
    record = shared.record
    if record.state is State.DRAFT:
        return "This is a draft: its owner sees it, and whom it is shared with here."
    if is_announced(record.published, record.visibility):
        return "Everybody sees the description. What stands here is granted beyond that."
    return "It is not public: its owner sees it, and whom it is shared with here."
