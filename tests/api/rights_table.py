"""Who may do what to an item in which state: the table, written by hand, to be read by people.

A row for an action and some states, in it a letter for each role, in the order of `ROLES`:

    anyone without an account, link: one who opened a link to read |
    other, asker: one who asked for access, curator, weak-admin: by a token without `admin`,
    write-only: WRITE without READ |
    reader, in-group: READ by the group, writer: READ and WRITE, acp-reader: READ and READ_ACP,
    acp-writer: READ and WRITE_ACP |
    full: FULL_CONTROL, owner, in-owners: of the group that owns the item, admin |
    weak-owner: the owner, by a token that may only read

    +  done            s  401, or sent to sign in      f  403, seen but not to be done
    -  404, not there  g  410, withdrawn               w  409, not in this state

What a route answers otherwise than its action says stands in `EXCEPTIONS`, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalog.domain.permissions import Action

ROLES: Final = tuple(
    "anyone link other asker curator weak-admin write-only reader in-group writer acp-reader "
    "acp-writer full owner in-owners admin weak-owner".split()
)
STATES: Final = (
    "draft", "private", "shared", "public", "DOI pending", "restricted", "embargoed",
    "withdrawn", "hidden tombstone", "deleted",
)  # fmt: skip
HIDDEN: Final = "draft, private, shared"
ANNOUNCED: Final = "public, DOI pending, restricted, embargoed"
PUBLISHED: Final = f"private, shared, {ANNOUNCED}"
OVER: Final = "withdrawn, hidden tombstone"

_OVER: Final = {
    "withdrawn":        "gg ggggg ggggg gggg g",
    "hidden tombstone": "-g ----- ggggg gggg g",
    "deleted":          "-- ----- ----- ---- -",
}  # fmt: skip
_OWNERS: Final = {
    HIDDEN:             "-s ----- fffff ++++ f",
    ANNOUNCED:          "ss fffff fffff ++++ f",
} | _OVER  # fmt: skip
_OWNERS_AND_CURATORS: Final = {
    HIDDEN:             "-s ----- fffff ++++ f",
    ANNOUNCED:          "ss ff+ff fffff ++++ f",
} | _OVER  # fmt: skip
TABLE: Final[Mapping[Action, Mapping[str, str]]] = {
    Action.READ: {
        HIDDEN:         "-+ ----- +++++ ++++ +",
        ANNOUNCED:      "++ +++++ +++++ ++++ +",
    } | _OVER,
    Action.READ_FILE: {
        HIDDEN:         "-+ ----- +++++ ++++ +",
        "public, DOI pending":
                        "++ +++++ +++++ ++++ +",
        "restricted":   "s+ fffff +++++ ++++ +",
        "embargoed":    "f+ fffff +++++ ++++ +",
    } | _OVER,
    Action.WRITE: {
        HIDDEN:         "-s ----- ff+ff ++++ f",
        ANNOUNCED:      "ss ffff+ ff+ff ++++ f",
    } | _OVER,
    Action.PUBLISH: _OWNERS,
    Action.DELETE: _OWNERS,
    Action.OWN: _OWNERS,
    Action.WITHDRAW: _OWNERS_AND_CURATORS,
    Action.DEPRECATE: _OWNERS_AND_CURATORS,
    Action.READ_PERMISSIONS: {
        HIDDEN:         "-s ----- fff+f ++++ +",
        ANNOUNCED:      "ss fffff fff+f ++++ +",
    } | _OVER,
    Action.SHARE: {
        HIDDEN:         "-s ----- ffff+ ++++ f",
        ANNOUNCED:      "ss fffff ffff+ ++++ f",
    } | _OVER,
    Action.REQUEST_ACCESS: {
        HIDDEN:         "-s ----- +++++ ++++ f",
        ANNOUNCED:      "ss +++++ +++++ ++++ f",
    } | _OVER,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A method of a rule, with the action that it declares."""

    method: str
    rule: str
    action: Action
    by_session: bool

    @property
    def tail(self) -> str:
        """What follows the address of the item or of its version; other rules whole."""
        return self.rule.removeprefix("/items/<string:id>").removeprefix("/v/<version:n>")
