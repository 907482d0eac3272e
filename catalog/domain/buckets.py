"""Buckets as Sage's storage API knows them: what they are, and its sentences, word for word.

Its clients look for the status 200 and print the sentence under "error", so that these are part
of the interface; they stand as they were recorded from the original, slips of the pen included.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.domain.errors import Forbidden, Unreadable
from catalog.domain.permissions import Actor, Right
from catalog.domain.sharing import EVERYBODY, GranteeType

LONGEST_NAME: Final = 64
"""Characters that the name of a bucket has at most."""

LONGEST_GRANTEE: Final = 255
OWN_PERMISSIONS: Final = "You cannot change your own permissons."
NOT_FOUND: Final = "(GetSageBucket) Bucket not found"
ID_LENGTH: Final = 36

_GRANTEE_TYPES: Final = tuple(kind.value for kind in GranteeType)
_RIGHTS: Final = tuple(right.value for right in Right)
_EVERYBODY: Final = (GranteeType.GROUP.value, EVERYBODY)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; `id` is its UUID in lower case, `name` None where nobody gave it one.

    updated  when its name was changed last
    """

    id: str
    name: str | None
    owner: str
    type: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of who may do what with a bucket."""

    grantee_type: str
    grantee: str
    permission: str


def bucket_id(text: str) -> str:
    """Return the id of a bucket in lower case; Unreadable for what is no UUID."""
    if not _UUID.fullmatch(text.lower()):
        raise Unreadable(
            "db.QueryRow returned: Error 1411: "
            f"Incorrect string value: '{text}' for function uuid_to_bin"
        )
    return text.lower()


def denied(actor: Actor, right: Right, said_id: str) -> Forbidden:
    """Return the refusal of a right on a bucket, known or not: the two are not told apart.

    said_id  the id as the caller wrote it
    """
    if right is Right.READ:
        told = f'Read access to bucket denied (username: "{actor.name}", sageBucketID: "{said_id}")'
        return Forbidden(told)
    return Forbidden(f"{_DENIED[right]} denied ({actor.name}, {said_id})")


_DENIED: Final = {
    Right.WRITE: "Write access to bucket",
    Right.READ_ACP: "Access to bucket permissions",
    Right.WRITE_ACP: "Write access to bucket permissions",
    Right.FULL_CONTROL: "Write access to bucket metadata",
}


def checked_name(name: str) -> str | None:
    """Return the name to keep for a bucket, None for none; Unreadable where it is too long."""
    if len(name) > LONGEST_NAME:
        raise Unreadable(
            "Bucket creation in mysql failed: Error 1406: Data too long for column 'name' at row 1"
        )
    return name or None


def check_grant(grant: Grant, owner: str) -> None:
    """Refuse a grant that the storage API does not take, in the order in which it looks.

    owner  the name of whose bucket it is
    """
    if grant.grantee == owner:
        raise Unreadable(OWN_PERMISSIONS)
    if not grant.grantee_type:
        raise Unreadable("GranteeType missing")
    to = (grant.grantee_type, grant.grantee)
    if to == _EVERYBODY and grant.permission != Right.READ:
        raise Unreadable("Buckets can be made public only for READ access.")
    if grant.grantee_type not in _GRANTEE_TYPES:
        raise _not_added("Error 1265: Data truncated for column 'granteeType' at row 1")
    if len(grant.grantee) > LONGEST_GRANTEE:
        raise _not_added("Error 1406: Data too long for column 'grantee' at row 1")
    if grant.permission not in _RIGHTS:
        raise _not_added("Error 1265: Data truncated for column 'permission' at row 1")


def _not_added(why: str) -> Forbidden:
    return Forbidden(f"Adding bucket permissions failed: {why}")


def in_order(grants: Iterable[Grant]) -> list[Grant]:
    """Return grants in the order in which the storage API lists them, each once."""
    return sorted(set(grants), key=_place)


def _place(grant: Grant) -> tuple[int, str, int]:
    return (
        _GRANTEE_TYPES.index(grant.grantee_type),
        grant.grantee,
        _RIGHTS.index(grant.permission),
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request to take grants back names; `permission` "" stands for every one."""

    grantee_type: str
    grantee: str
    permission: str

    @classmethod
    def of_text(cls, text: str) -> "Taken":
        """Return what `TYPE:name`, `TYPE:name:PERMISSION` or the bare name of a user means."""
        pieces = text.split(":", 2)
        if len(pieces) == 1:
            return cls(GranteeType.USER.value, text, "")
        return cls(pieces[0], pieces[1], pieces[2] if len(pieces) == 3 else "")

    def __str__(self) -> str:
        said = f"{self.grantee_type}:{self.grantee}"
        return f"{said}:{self.permission}" if self.permission else said
