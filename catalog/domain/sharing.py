"""Who is granted what on an item: grants as values, and the rules by which they are changed.

Contract section 4, "Rights". The owner's own right is none of the grants, and cannot be taken.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from catalog.domain.errors import Forbidden, NotAcceptable
from catalog.domain.permissions import Actor, Right

EVERYBODY: Final = "AllUsers"
"""The group that everybody is in, as Sage's storage API names it."""

MOST_GRANTS: Final = 1_000
"""How many grants an item has at most, those of links apart."""

LONGEST_NAME: Final = 255

LINK: Final = "link:"
"""How the name of the group begins that everybody is in who opened one link."""

PROJECT: Final = "project:"
"""How the name of the group begins that a project of Sage is."""


class GranteeType(StrEnum):
    """To whom a grant is given, as Sage's storage API names it."""

    USER = "USER"
    GROUP = "GROUP"


class Grantee(NamedTuple):
    """Somebody who may be granted something: an account, or a group, by name."""

    kind: GranteeType
    name: str

    @property
    def is_everybody(self) -> bool:
        """Whether it is the group of all, accounts or not."""
        return self == (GranteeType.GROUP, EVERYBODY)


@dataclass(frozen=True, slots=True)
class Grant:
    """One right of one grantee. `expires` is when it ends by itself, None for never."""

    to: Grantee
    right: Right
    expires: datetime | None = None

    @property
    def key(self) -> tuple[Grantee, Right]:
        """By what one grant is told from another on the same item."""
        return self.to, self.right


def link_group(secret: str) -> str:
    """Return the group that somebody is in who opened the link of that secret."""
    return LINK + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def is_link(group: str) -> bool:
    """Tell whether a group is that of a link, which no list of grants shows."""
    return group.startswith(LINK)


def name_of(text: str) -> str:
    """Return the name of an account or group; it need not exist.

    Raises NotAcceptable for one that cannot be: blank, long, or with signs that do not print.
    """
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise NotAcceptable(f"A name has 1 to {LONGEST_NAME} printable characters.")
    return text


def group_named(text: str) -> str:
    """Return the name of a group; NotAcceptable for what stands for a link."""
    name = name_of(text)
    if is_link(name):
        raise NotAcceptable(f"{LINK}... is no group; links are made at /items/{{id}}/links.")
    return name


def grantee_named(kind: str, name: str) -> Grantee:
    """Return a grantee; NotAcceptable for a kind or a name that cannot be."""
    if kind not in {one.value for one in GranteeType}:
        raise NotAcceptable(f"A grantee_type is one of {', '.join(GranteeType)}.")
    if kind == GranteeType.GROUP:
        return Grantee(GranteeType.GROUP, group_named(name))
    return Grantee(GranteeType.USER, name_of(name))


def right_named(name: str) -> Right:
    """Return a right; NotAcceptable for what is none."""
    if name not in {one.value for one in Right}:
        raise NotAcceptable(f"A permission is one of {', '.join(Right)}.")
    return Right(name)


def checked(
    grants: Iterable[Grant], owner: Grantee, *, now: datetime
) -> dict[tuple[Grantee, Right], Grant]:
    """Return grants by their keys, if they can all stand on an item of that owner.

    Raises NotAcceptable for too many, for one said twice, one to the owner, one that has ended
    already, and any to everybody but READ.
    """
    found: dict[tuple[Grantee, Right], Grant] = {}
    for grant in grants:
        _check(grant, owner, now)
        if grant.key in found:
            raise NotAcceptable(f"{_told(grant)} stands twice.")
        found[grant.key] = grant
    if len(found) > MOST_GRANTS:
        raise NotAcceptable(f"An item has at most {MOST_GRANTS:,} grants; use groups.")
    return found


def _check(grant: Grant, owner: Grantee, now: datetime) -> None:
    if grant.to == owner:
        raise NotAcceptable(f"{owner.name} owns the item, and has every right; leave that out.")
    if grant.to.is_everybody and grant.right is not Right.READ:
        raise NotAcceptable(f"{EVERYBODY} can only be granted {Right.READ}.")
    if grant.expires is not None and grant.expires <= now:
        raise NotAcceptable(f"{_told(grant)} would have ended already; expires is in the future.")


def _told(grant: Grant) -> str:
    return f"{grant.to.kind} {grant.to.name} {grant.right}"


class Difference(NamedTuple):
    """What a change of grants gives, lengthened ones included, and what it takes away."""

    given: tuple[Grant, ...]
    taken: tuple[Grant, ...]


def difference(
    before: Mapping[tuple[Grantee, Right], Grant], after: Mapping[tuple[Grantee, Right], Grant]
) -> Difference:
    """Return what differs between two lists of grants; one that ends sooner counts as taken."""
    given = [
        grant for key, grant in after.items() if key not in before or _is_longer(grant, before[key])
    ]
    taken = [
        grant for key, grant in before.items() if key not in after or _is_longer(grant, after[key])
    ]
    return Difference(tuple(given), tuple(taken))


def _is_longer(one: Grant, other: Grant) -> bool:
    if one.expires is None or other.expires is None:
        return one.expires is None and other.expires is not None
    return one.expires > other.expires


def check_may_change(actor: Actor, held: frozenset[Right], change: Difference) -> None:
    """Raise Forbidden where the actor would raise rights beyond those that it holds.

    held  the rights of the actor on the item

    Who holds FULL_CONTROL may give and take everything. Others neither give nor take
    FULL_CONTROL, give no right that they do not hold themselves, and nothing to themselves.
    """
    if Right.FULL_CONTROL in held:
        return
    full = [one for one in (*change.given, *change.taken) if one.right is Right.FULL_CONTROL]
    if full:
        raise Forbidden(f"Only who holds {Right.FULL_CONTROL} gives or takes it.")
    for grant in change.given:
        if _is_to(actor, grant.to):
            raise Forbidden(
                f"You may share this item, but not raise your own rights ({_told(grant)}); "
                f"that takes {Right.FULL_CONTROL}."
            )
        if grant.right not in held:
            raise Forbidden(f"You cannot give {grant.right}, which you do not hold yourself.")


def _is_to(actor: Actor, to: Grantee) -> bool:
    if to.kind is GranteeType.USER:
        return to.name == actor.name
    return to.name in actor.groups
