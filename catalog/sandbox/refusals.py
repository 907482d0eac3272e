"""What the registrar refuses, with the status and the sentences that DataCite has for it."""

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]


class Refused(Exception):
    """A request that is not granted.

    status   of the answer
    errors   the objects of `errors`
    headers  further headers of the answer
    """

    def __init__(self, status: int, errors: Sequence[Object], **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.errors = list(errors)
        self.headers = headers


def refused(status: int, title: str, **headers: str) -> Refused:
    """Return a refusal of one sentence."""
    return Refused(status, [{"status": str(status), "title": title}], **headers)


def unreadable(reason: str) -> Refused:
    """Return the refusal of a body that is no payload."""
    return refused(400, reason)


def no_payload() -> Refused:
    """Return the refusal of a body without `data`."""
    return refused(400, "You need to provide a payload following the JSONAPI spec")


def bad_credentials() -> Refused:
    """Return the refusal of a write by nobody known, or of a token that is none."""
    return refused(401, "Bad credentials.")


def not_authorized() -> Refused:
    """Return the refusal of a write to what is another's."""
    return refused(403, "You are not authorized to access this resource.")


def not_found() -> Refused:
    """Return the refusal of what is not there, or not the caller's to see."""
    return refused(404, "The resource you are looking for doesn't exist.")


def not_acceptable() -> Refused:
    """Return the refusal of a form that there is not."""
    return refused(406, "The content type is not recognized.")


def not_a_draft() -> Refused:
    """Return the refusal to delete what has been registered."""
    return refused(405, "Method not allowed", Allow="HEAD, GET, POST, PATCH, PUT, OPTIONS")


def invalid(faults: Sequence[tuple[str, str]], doi: str | None) -> Refused:
    """Return the refusal of attributes: each fault as its place and its sentence.

    doi  the one in question; None where the fault is that there is none
    """
    uid = {} if doi is None else {"uid": doi}
    return Refused(
        422,
        [
            {"source": source, "title": title[:1].upper() + title[1:]} | uid
            for source, title in faults
        ],
    )
