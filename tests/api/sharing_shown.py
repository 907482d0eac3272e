"""The pages about sharing as the tests of all pages look at them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from werkzeug.datastructures import MultiDict

from api import rendering, sharing_rendering
from api.frame import Frame
from catalog.domain.errors import Forbidden
from catalog.domain.lifecycle import State
from catalog.domain.permissions import Right
from catalog.domain.record import ItemLine, ItemRecord, Page
from catalog.domain.sharing import EVERYBODY, Grant, Grantee, GranteeType
from catalog.library import Library
from catalog.services.ownership import Offered, OfferToMe, Owned
from catalog.services.permissions import Shared
from catalog.services.share_links import Link

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
BOB = Grantee(GranteeType.USER, "<b>bob")
SKY = Grantee(GranteeType.GROUP, "project:sky")
ALL = Grantee(GranteeType.GROUP, EVERYBODY)


def pages_of_sharing(
    frame: Frame, library: Library, published: ItemRecord, lines: Sequence[ItemLine]
) -> dict[str, tuple[str, Callable[[], str]]]:
    """Return the pages with their templates, by what each shows."""
    draft = replace(published, state=State.DRAFT, published=None)
    return {
        "me, with others": ("me.html", lambda: _me(frame, library, draft, lines)),
        "sharing": ("sharing.html", lambda: _by_owner(frame, library, draft)),
        "sharing, only seen": ("sharing.html", lambda: _by_reader(frame, library, published)),
    }


def _me(frame: Frame, library: Library, draft: ItemRecord, lines: Sequence[ItemLine]) -> str:
    return rendering.me(
        frame,
        library,
        account="local",
        role="member",
        page=Page((), 0, None),
        offers=(OfferToMe(draft.id, "<b>Offered</b>", "model", "ana", NOW),),
        of_groups=Page(tuple(lines), 40, "next-one"),
        shared=Page(tuple(lines[:1]), 1, None),
        drafts=(draft,),
        drafts_total=1,
        shared_with={draft.id: 2},
    )


def _by_owner(frame: Frame, library: Library, draft: ItemRecord) -> str:
    grants = (
        Grant(ALL, Right.READ),
        Grant(SKY, Right.READ),
        Grant(BOB, Right.READ, NOW),
        Grant(BOB, Right.WRITE),
    )
    live = Link("one", "<i>Reviewer", "local", NOW, NOW + timedelta(days=9), None, NOW, 2)
    over = Link("two", "", "", NOW, NOW, NOW, None, 0)
    return sharing_rendering.sharing(
        frame,
        library,
        shared=Shared(draft, grants, frozenset(Right), BOB),
        links=(live, over),
        owned=Owned(draft, BOB, Offered("eve", "local", NOW)),
        now=NOW,
        names=("project:sky", "<b>bob"),
        groups=("project:sea", "project:sky"),
        error=Forbidden("Not that."),
        typed=MultiDict({"kind": "GROUP", "name": "<b>", "right": "WRITE"}),
        new_link="http://127.0.0.1:8000/shared/secret",
    )


def _by_reader(frame: Frame, library: Library, published: ItemRecord) -> str:
    held = frozenset({Right.READ, Right.READ_ACP})
    return sharing_rendering.sharing(
        frame,
        library,
        shared=Shared(published, (Grant(BOB, Right.READ),), held, SKY),
        links=(),
        owned=Owned(published, SKY, None),
        now=NOW,
        done="shared",
    )
