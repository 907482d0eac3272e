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

ROLES: Final = (
    "anyone", "link",
    "other", "asker", "curator", "weak-admin", "write-only",
    "reader", "in-group", "writer", "acp-reader", "acp-writer",
    "full", "owner", "in-owners", "admin",
    "weak-owner",
)  # fmt: skip
STATES: Final = (
    "draft", "private", "shared",
    "opened draft", "public", "DOI pending", "restricted", "embargoed",
    "withdrawn", "hidden tombstone", "deleted",
)  # fmt: skip
HIDDEN: Final = "draft, private, shared"
ANNOUNCED: Final = "public, DOI pending, restricted, embargoed"
SEEN: Final = f"opened draft, {ANNOUNCED}"
"""What everybody sees; an opened draft is one on which AllUsers were granted READ."""

DRAFTS: Final = "draft, opened draft"
PUBLISHED: Final = f"private, shared, {ANNOUNCED}"
OVER: Final = "withdrawn, hidden tombstone"

_OVER: Final = {
    "withdrawn":        "gg ggggg ggggg gggg g",
    "hidden tombstone": "-g ----- ggggg gggg g",
    "deleted":          "-- ----- ----- ---- -",
}  # fmt: skip
_OWNERS: Final = {
    HIDDEN:             "-s ----- fffff ++++ f",
    SEEN:               "ss fffff fffff ++++ f",
} | _OVER  # fmt: skip
_OWNERS_AND_CURATORS: Final = {
    HIDDEN:             "-s ----- fffff ++++ f",
    "opened draft":     "ss fffff fffff ++++ f",
    ANNOUNCED:          "ss ff+ff fffff ++++ f",
} | _OVER  # fmt: skip
TABLE: Final[Mapping[Action, Mapping[str, str]]] = {
    Action.READ: {
        HIDDEN:         "-+ ----- +++++ ++++ +",
        SEEN:           "++ +++++ +++++ ++++ +",
    } | _OVER,
    Action.READ_FILE: {
        HIDDEN:         "-+ ----- +++++ ++++ +",
        "opened draft, public, DOI pending":
                        "++ +++++ +++++ ++++ +",
        "restricted":   "s+ fffff +++++ ++++ +",
        "embargoed":    "f+ fffff +++++ ++++ +",
    } | _OVER,
    Action.WRITE: {
        HIDDEN:         "-s ----- ff+ff ++++ f",
        SEEN:           "ss ffff+ ff+ff ++++ f",
    } | _OVER,
    Action.PUBLISH: _OWNERS,
    Action.DELETE: _OWNERS,
    Action.OWN: _OWNERS,
    Action.WITHDRAW: _OWNERS_AND_CURATORS,
    Action.DEPRECATE: _OWNERS_AND_CURATORS,
    Action.READ_PERMISSIONS: {
        HIDDEN:         "-s ----- fff+f ++++ +",
        SEEN:           "ss fffff fff+f ++++ +",
    } | _OVER,
    Action.SHARE: {
        HIDDEN:         "-s ----- ffff+ ++++ f",
        SEEN:           "ss fffff ffff+ ++++ f",
    } | _OVER,
    Action.REQUEST_ACCESS: {
        HIDDEN:         "-s ----- +++++ ++++ f",
        SEEN:           "ss +++++ +++++ ++++ f",
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
    def is_of_items(self) -> bool:
        """Whether it is of our own interface, and not of Sage's storage API."""
        return self.rule.startswith("/items/")

    @property
    def tail(self) -> str:
        """What follows the address of the item or of its version; other rules whole."""
        return self.rule.removeprefix("/items/<string:id>").removeprefix("/v/<version:n>")


# -- in which states a route does nothing, though its action is allowed

NOT_IN: Final[Mapping[str, str]] = {
    "DELETE ": PUBLISHED,
    "POST /do/delete": PUBLISHED,
    "POST /publication": PUBLISHED,
    "POST /do/publish": PUBLISHED,
    "PUT /visibility": DRAFTS,
    "POST /do/visibility": DRAFTS,
    "PUT /deprecation": DRAFTS,
    "DELETE /deprecation": DRAFTS,
    "POST /withdrawal": DRAFTS,
    "POST /do/withdraw": DRAFTS,
    "POST /versions": DRAFTS,
    "POST /do/begin": DRAFTS,
    "PUT /files/<path:name>": PUBLISHED,
    "DELETE /files/<path:name>": PUBLISHED,
    "POST /do/upload": PUBLISHED,
    "POST /uploads": PUBLISHED,
    "PUT /uploads/<string:upload>/parts/<int:number>": PUBLISHED,
    "POST /uploads/<string:upload>/completion": PUBLISHED,
    "POST /access-requests": f"{HIDDEN}, opened draft, public, DOI pending",
    "POST /access/do/ask": f"{HIDDEN}, opened draft, public, DOI pending",
}


# -- what answers otherwise than its action says


@dataclass(frozen=True)
class Otherwise:
    """Routes that answer otherwise in some states, and why.

    rows  by states; in the others the action decides
    """

    routes: tuple[str, ...]
    why: str
    rows: Mapping[str, str]


_BUCKET: Final = "/api/v1/objects/<string:bucket>"
_KEY: Final = f"{_BUCKET}/<path:key>"
_REQUEST: Final = "/access-requests/<string:r>"
_CLOSED: Final = "restricted, embargoed"
_NOTHING_ASKED: Final = "opened draft, public, DOI pending"
_NO_REQUEST: Final = {
    HIDDEN:           "-s ----- ffff- ---- f",
    _NOTHING_ASKED:   "ss fffff ffff- ---- f",
}  # fmt: skip
EXCEPTIONS: Final = (
    Otherwise(
        (f"POST {_REQUEST}/decision", f"POST {_REQUEST}/end",
         f"POST {_REQUEST}/do/decide", f"POST {_REQUEST}/do/end"),
        "nobody has asked for what is not closed, so there is no request to decide on",
        _NO_REQUEST,
    ),
    Otherwise(
        (f"GET {_REQUEST}",),
        "a request is there for who made it, and for who decides on it",
        {
            HIDDEN:         "-s ----- ----- ---- -",
            _NOTHING_ASKED: "ss ----- ----- ---- -",
            _CLOSED:        "ss -+--- ----+ ++++ -",
        },
    ),
    Otherwise(
        (f"DELETE {_REQUEST}", f"POST {_REQUEST}/do/withdraw"),
        "who made a request takes it back, and nobody for them",
        {
            HIDDEN:         "-s ----- ----- ---- f",
            _NOTHING_ASKED: "ss ----- ----- ---- f",
            _CLOSED:        "ss -+--- ----f ffff f",
        },
    ),
    Otherwise(
        ("POST /access-requests", "POST /access/do/ask"),
        "who asked already has to wait, and who has the files has nothing to ask for",
        {_CLOSED:           "ss +w+++ wwwww wwww f"},
    ),
    Otherwise(
        ("GET /difference", "GET /history/<version:n>.<version:r>",
         "GET /history/<version:n>.<version:r>.<string:suffix>"),
        "what was said before publication is for who writes, by a token that may write",
        {
            HIDDEN:         "-- ----- --+-- ++++ -",
            SEEN:           "-- ----+ --+-- ++++ -",
        },
    ),
    Otherwise(
        ("POST /do/link",),
        "the page that tells the address of a link is that of the permissions: READ_ACP as well",
        {
            HIDDEN:         "-- ----- fffff ++++ f",
            SEEN:           "ss fffff fffff ++++ f",
        },
    ),
    Otherwise(
        ("POST /versions", "POST /do/begin"),
        "what a repeated request made is looked for first, which needs an account and its token",
        {
            HIDDEN:         "ss ----- ff+ff ++++ f",
            SEEN:           "ss ffff+ ff+ff ++++ f",
            "withdrawn":    "ss ggggg ggggg gggg f",
            "hidden tombstone":
                            "ss ----- ggggg gggg f",
            "deleted":      "ss ----- ----- ---- f",
        },
    ),
    Otherwise(
        ("GET /api/v1/data/<path:place>",),
        "as recorded: 404 for what is over, 401 for what is closed; the link is to another item",
        {
            HIDDEN:         "-- ----- +++++ ++++ +",
            _CLOSED:        "ss sssss +++++ ++++ +",
            f"{OVER}, deleted":
                            "-- ----- ----- ---- -",
        },
    ),
    Otherwise(
        (f"GET {_BUCKET}", f"GET {_KEY}"),
        "as recorded: 401 for what is not there, 400 (4) and 500 (5) for what is there no more",
        {
            f"{HIDDEN}, {_CLOSED}":
                            "s+ sssss +++++ ++++ +",
        },
    ),
    Otherwise(
        (f"GET {_BUCKET}",),
        "as recorded; of what was deleted is remembered who could do what by name",
        {
            "withdrawn":    "44 44444 44444 4444 4",
            "hidden tombstone":
                            "s4 sssss 44444 4444 4",
            "deleted":      "ss sssss 44444 44ss 4",
        },
    ),
    Otherwise(
        (f"GET {_KEY}",),
        "as recorded",
        {
            "withdrawn":    "55 55555 55555 5555 5",
            "hidden tombstone":
                            "s5 sssss 55555 5555 5",
            "deleted":      "ss sssss 55555 55ss 5",
        },
    ),
    Otherwise(
        (f"PUT {_BUCKET}",),
        "as recorded: each right by itself, whoever sees the bucket",
        {
            f"{HIDDEN}, {SEEN}":
                            "ss sssss ssss+ ++++ s",
            OVER:           "ss sssss ssss4 4444 s",
            "deleted":      "ss sssss ssss4 44ss s",
        },
    ),
    Otherwise(
        (f"PATCH {_BUCKET}",),
        "as recorded: FULL_CONTROL gives another name, which is no part of what was published",
        {
            f"{HIDDEN}, {SEEN}":
                            "ss sssss sssss ++++ s",
            OVER:           "ss sssss sssss 4444 s",
            "deleted":      "ss sssss sssss 44ss s",
        },
    ),
    Otherwise(
        (f"DELETE {_BUCKET}", f"PUT {_KEY}", f"DELETE {_KEY}"),
        "as recorded: WRITE does, without READ too; what is frozen is 401",
        {
            DRAFTS:         "ss ssss+ ss+ss ++++ s",
            PUBLISHED:      "ss sssss sssss ssss s",
        },
    ),
    Otherwise(
        (f"DELETE {_BUCKET}",), "as recorded", {f"{OVER}, deleted": "ss sssss sssss ssss s"}
    ),
    Otherwise(
        (f"PUT {_KEY}",),
        "as recorded",
        {
            OVER:           "ss ssss4 ss4ss 4444 s",
            "deleted":      "ss ssss4 ss4ss 44ss s",
        },
    ),
    Otherwise(
        (f"DELETE {_KEY}",),
        "as recorded: what is not there is deleted",
        {
            OVER:           "ss ssss+ ss+ss ++++ s",
            "deleted":      "ss ssss+ ss+ss ++ss s",
        },
    ),
)  # fmt: skip

SIGN_IN_FIRST: Final = frozenset({"GET /sharing"})
"""What asks for a session before it looks for the item, beside all that is done by session."""


# -- reading the table


def expected(asked: Asked, role: str, state: str) -> str:
    """Return the letter for one cell."""
    name = f"{asked.method} {asked.tail}"
    if role in {"anyone", "link"} and (asked.by_session or name in SIGN_IN_FIRST):
        return "s"
    found = letter(TABLE[asked.action], role, state)
    for one in EXCEPTIONS:
        if name in one.routes:
            found = letter(one.rows, role, state) or found
    return "w" if found == "+" and state in listed(NOT_IN.get(name, "")) else found


def letter(rows: Mapping[str, str], role: str, state: str) -> str:
    """Return the letter of a role and a state in some rows, "" where no row is about the state."""
    for states, row in rows.items():
        if state in listed(states):
            return row.replace(" ", "")[ROLES.index(role)]
    return ""


def listed(states: str) -> tuple[str, ...]:
    """Return the states that a row is about."""
    return tuple(states.split(", "))
