"""How replies of sites are read: their statuses, headers and JSON, none of which is trusted."""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from catalog.domain.references.asking import Found, Presence, Reply

LONGEST_TEXT: Final = 4_000
_LONGEST_WORD: Final = 300
_LONGEST_WAIT: Final = 24 * 3600
_USUAL_WAIT: Final = 3600
_LARGEST: Final = 2**63 - 1
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}")
_SHA256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_FILE_NAME = re.compile(r"""filename\*?=(?:UTF-8'')?"?([^";]+)"?""", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def refused(reply: Reply, site: str) -> Found | None:
    """Return what a reply means that is no success; None for one that is."""
    status = reply.status
    if status < 300:
        return None
    if status in {404, 410, 451}:
        return Found(Presence.GONE, detail=f"{site} answers {status}: nothing is there any more.")
    wait = retry_after(reply)
    if status == 429 or (status == 403 and reply.headers.get("x-ratelimit-remaining") == "0"):
        detail = f"{site} wants fewer requests for a while."
        return Found(Presence.UNREACHABLE, detail=detail, retry_after=wait or _USUAL_WAIT)
    if status in {401, 403, 407}:
        return Found(Presence.NEEDS_LOGIN, detail=f"{site} answers {status}: it needs a login.")
    return Found(Presence.UNREACHABLE, detail=f"{site} answers {status}.", retry_after=wait)


def retry_after(reply: Reply) -> int:
    """Return the seconds that a site wants to be left alone, at most a day; 0 for none."""
    said = reply.headers.get("retry-after", "")
    is_number = said.isascii() and said.isdecimal() and len(said) < 10
    return min(max(int(said), 1), _LONGEST_WAIT) if is_number else 0


def said_in(reply: Reply) -> dict[str, Any] | None:
    """Return the object that the body is in JSON; None for anything else, as one cut short."""
    if reply.is_cut:
        return None
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def unlike(site: str) -> Found:
    """Return what an answer means that the site does not give."""
    return Found(Presence.UNREACHABLE, detail=f"{site} does not answer as it should.")


def text(raw: Any, longest: int = _LONGEST_WORD) -> str:
    """Return a text of a site without what cannot be shown, and not longer than that."""
    if not isinstance(raw, str):
        return ""
    shown = _UNSHOWN.sub("", raw).strip()
    return shown if len(shown) <= longest else shown[: longest - 2].rstrip() + " …"


def size(raw: Any) -> int | None:
    """Return a number of bytes that can be one."""
    if isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) < 20:
        raw = int(raw)
    is_number = isinstance(raw, int) and not isinstance(raw, bool)
    return raw if is_number and 0 <= raw <= _LARGEST else None


def commit(raw: Any) -> str:
    """Return the full name of a commit; "" for anything else."""
    return raw if isinstance(raw, str) and _COMMIT.fullmatch(raw) else ""


def digest(raw: Any) -> str:
    """Return a digest as registries write it; "" for anything else."""
    known = isinstance(raw, str) and raw.startswith("sha256:") and _HEX.fullmatch(raw[7:])
    return raw if known else ""


def etag(reply: Reply, header: str = "etag") -> str:
    """Return an ETag without its quotation marks."""
    return text(reply.headers.get(header, "").removeprefix("W/").strip('"'))


def sha256(raw: str) -> str:
    """Return a SHA-256 in lower-case hex; "" for anything else."""
    return raw if _HEX.fullmatch(raw) else ""


def declared_sha256(reply: Reply) -> str:
    """Return the SHA-256 that headers declare for the whole (RFC 9530, or S3); "" for none."""
    found = _SHA256.search(reply.headers.get("repr-digest", ""))
    coded = found[1] if found else reply.headers.get("x-amz-checksum-sha256", "")
    try:
        raw = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return raw.hex() if len(raw) == 32 else ""


def media_type(reply: Reply) -> str:
    """Return the media type without parameters; "" for none, and for one that says nothing."""
    said = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_known = bool(_MEDIA_TYPE.fullmatch(said)) and not said.endswith("/octet-stream")
    return said if is_known else ""


def moment(raw: Any) -> str:
    """Return a time of a header or of JSON as RFC 3339 in UTC; "" for what is none."""
    if not isinstance(raw, str) or len(raw) > 64:
        return ""
    try:
        is_iso = raw[:4].isdecimal()
        at = datetime.fromisoformat(raw) if is_iso else parsedate_to_datetime(raw)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError, OverflowError):
        return ""


def file_name(reply: Reply, url: str) -> str:
    """Return the name of a file, as its server or its address says."""
    found = _FILE_NAME.search(reply.headers.get("content-disposition", ""))
    said = unquote(found[1]) if found else unquote(urlsplit(url).path.rpartition("/")[2])
    return text(said.replace("\\", "/").rpartition("/")[2])
