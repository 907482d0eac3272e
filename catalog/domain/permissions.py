"""Who may do what: the actor, the actions, and the one decision about them.

Contract section 4. None of the five rights implies another but FULL_CONTROL. A caller who may not
even see an item is told that there is nothing; one who may see it, but not do it, is forbidden.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from catalog.domain.errors import Forbidden, NotFound, Unauthenticated
from catalog.domain.identifiers import item_iri
from catalog.domain.lifecycle import BYTES_ARE_CLOSED, State, Visibility, in_words, is_announced
from catalog.domain.record import ItemRecord


class Role(StrEnum):
    """What an account is trusted with; see contract section 4, "Rights"."""

    MEMBER = "member"
    CURATOR = "curator"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may be used for; it narrows what its account may do, and never widens it."""

    READ = "read"
    WRITE = "write"
    PUBLISH = "publish"
    CURATE = "curate"
    ADMIN = "admin"


class Right(StrEnum):
    """The permissions of Sage's storage API, granted on an item."""

    READ = "READ"
    WRITE = "WRITE"
    READ_ACP = "READ_ACP"
    WRITE_ACP = "WRITE_ACP"
    FULL_CONTROL = "FULL_CONTROL"


class Action(StrEnum):
    """What a route does; every route declares one, and a route without one stops the start."""

    OPEN = "open"
    """Needs no account and touches no item: pages, vocabularies, validation, SPARQL."""
    ACCOUNT = "account"
    """Needs an account and touches no item of another."""
    HOLD_TOKENS = "hold-tokens"
    """Makes tokens for one's own account, and ends them."""
    LIST = "list"
    CREATE = "create"
    READ = "read"
    READ_FILE = "read-file"
    WRITE = "write"
    PUBLISH = "publish"
    DELETE = "delete"
    WITHDRAW = "withdraw"
    DEPRECATE = "deprecate"
    READ_PERMISSIONS = "read-permissions"
    SHARE = "share"
    """Changes who may do what to an item."""
    OWN = "own"
    """Gives an item to somebody else."""
    REQUEST_ACCESS = "request-access"
    """Asks the owner for what is closed; needs no more than seeing the item, and an account."""


_NEEDED: Final[dict[Action, Right]] = {
    Action.READ_FILE: Right.READ,
    Action.WRITE: Right.WRITE,
    Action.PUBLISH: Right.FULL_CONTROL,
    Action.DELETE: Right.FULL_CONTROL,
    Action.WITHDRAW: Right.FULL_CONTROL,
    Action.DEPRECATE: Right.FULL_CONTROL,
    Action.READ_PERMISSIONS: Right.READ_ACP,
    Action.SHARE: Right.WRITE_ACP,
    Action.OWN: Right.FULL_CONTROL,
}
_SCOPES: Final[dict[Action, Scope]] = {
    Action.CREATE: Scope.WRITE,
    Action.HOLD_TOKENS: Scope.WRITE,
    Action.WRITE: Scope.WRITE,
    Action.DELETE: Scope.WRITE,
    Action.REQUEST_ACCESS: Scope.WRITE,
    Action.PUBLISH: Scope.PUBLISH,
    Action.WITHDRAW: Scope.PUBLISH,
    Action.DEPRECATE: Scope.PUBLISH,
    Action.SHARE: Scope.PUBLISH,
    Action.OWN: Scope.PUBLISH,
}
_CURATORS: Final = frozenset({Action.WITHDRAW, Action.DEPRECATE})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking. `account` is None for somebody without a token.

    groups          names under which a grant to a group is one to this actor: projects of Sage,
                    groups of a provider of identities, and links that were opened
    group_accounts  accounts of those groups that own items
    scopes          what the credential at hand may be used for
    expires         when that credential ends; None where it does not, or nobody says
    """

    account: int | None = None
    name: str = ""
    role: Role | None = None
    groups: frozenset[str] = field(default_factory=frozenset)
    group_accounts: frozenset[int] = field(default_factory=frozenset)
    scopes: frozenset[Scope] = frozenset(Scope)
    expires: datetime | None = None

    @property
    def is_admin(self) -> bool:
        """Whether the actor may do everything to everything."""
        return self.role is Role.ADMIN and Scope.ADMIN in self.scopes

    @property
    def accounts(self) -> frozenset[int]:
        """The accounts whose items are the actor's own: its own, and those of its groups."""
        own = frozenset() if self.account is None else frozenset({self.account})
        return own | self.group_accounts


ANYONE = Actor()


def rights_of(actor: Actor, item: ItemRecord) -> frozenset[Right]:
    """Return what the actor holds on an item, as its owner or by grants that are in force."""
    if actor.is_admin or item.owner_id in actor.accounts:
        return frozenset(Right)
    held = frozenset(Right(granted) for granted in item.granted)
    return frozenset(Right) if Right.FULL_CONTROL in held else held


def holds(actor: Actor, right: Right, item: ItemRecord) -> bool:
    """Tell whether the actor holds one right by the rule of Sage's storage API.

    Unlike `authorize` it does not ask first whether the actor sees the item: there WRITE is enough
    to write, and reads nothing. What everybody may fetch needs no right at all.
    """
    is_open = is_announced(item.published, item.visibility)
    if right is Right.READ and is_open and item.visibility not in BYTES_ARE_CLOSED:
        return True
    return right in rights_of(actor, item)


def for_owner(actor: Actor, item: ItemRecord) -> Actor:
    """Return the actor as one who does something to an item in the place of its owner.

    To be asked for only where the right to do that was found by `holds`. What is done stays the
    actor's own, and its token may be used for no more than before.
    """
    return replace(actor, group_accounts=actor.group_accounts | {item.owner_id})


def may_see(actor: Actor, item: ItemRecord) -> bool:
    """Tell whether the item's metadata, or its tombstone, may be shown to the actor."""
    return is_announced(item.published, item.visibility) or Right.READ in rights_of(actor, item)


def authorize(actor: Actor, action: Action, item: ItemRecord) -> None:
    """Return if the actor may do `action` to `item`.

    Raises NotFound where the actor may not know of the item, Unauthenticated where an account
    might help, and Forbidden where the account at hand does not.
    """
    if not may_see(actor, item):
        raise NotFound
    if action is Action.READ:
        return
    check_scope(actor, action)
    if action is Action.REQUEST_ACCESS:
        require_account(actor)
        return
    if action is Action.READ_FILE and item.visibility not in BYTES_ARE_CLOSED:
        return
    if _NEEDED[action] in rights_of(actor, item):
        return
    if action in _CURATORS and is_curator(actor) and item.state is not State.DRAFT:
        return
    if action is Action.READ_FILE:
        raise _closed(actor, item)
    if actor.account is None:
        raise Unauthenticated("This needs a token: send Authorization: Bearer, or sign in.")
    raise Forbidden(f"{actor.name} may see this item, but may not do this to it ({action}).")


def _closed(actor: Actor, item: ItemRecord) -> Unauthenticated | Forbidden:
    """Return why the actor does not get the files of an item that everybody sees, and what to do.

    `ask_for_access` among the evidence is where the owner is asked, by an IRI of the record.
    """
    ask = f"{item_iri(item.id)}/access"
    if item.visibility is Visibility.EMBARGOED and item.until is not None:
        told = f"The files of this item are under embargo until {in_words(item.until)}"
        return Forbidden(
            f"{told}; they open by themselves then.",
            until=item.until.isoformat().replace("+00:00", "Z"),
            ask_for_access=ask,
        )
    if actor.account is None:
        return Unauthenticated(
            "The files of this item are for those with a permission. Sign in, or send "
            f"Authorization: Bearer with your token; without a permission, ask for one at {ask}.",
            ask_for_access=ask,
        )
    return Forbidden(
        f"{actor.name} may read about this item, but not have its files; ask the owner at {ask}.",
        ask_for_access=ask,
    )


def allows(actor: Actor, action: Action, item: ItemRecord) -> bool:
    """Tell whether the actor may do `action` to `item`."""
    try:
        authorize(actor, action, item)
    except (NotFound, Unauthenticated, Forbidden):
        return False
    return True


def check_scope(actor: Actor, action: Action) -> None:
    """Raise Forbidden where the token at hand is not one for `action`, whoever's it is."""
    needed = _SCOPES.get(action)
    if needed is not None and needed not in actor.scopes:
        raise Forbidden(f'This token may not be used for that: it lacks "{needed}".', scope=needed)


def require_account(actor: Actor, action: Action = Action.ACCOUNT) -> int:
    """Return the id of the actor's account.

    Raises Unauthenticated without one, and Forbidden where its token is not one for `action`.
    """
    if actor.account is None:
        raise Unauthenticated("This needs a token: send Authorization: Bearer, or sign in.")
    check_scope(actor, action)
    return actor.account


def require_curator(actor: Actor) -> int:
    """Return the id of the actor's account if it may decide about the vocabularies.

    Raises Unauthenticated without an account, Forbidden for one that is no curator.
    """
    account = require_account(actor)
    if not is_curator(actor):
        raise Forbidden("Only a curator or an administrator decides about the vocabularies.")
    return account


def is_curator(actor: Actor) -> bool:
    """Tell whether the actor is trusted with the vocabularies."""
    return actor.is_admin or (actor.role is Role.CURATOR and Scope.CURATE in actor.scopes)
