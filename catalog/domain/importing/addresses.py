"""How people write web addresses, DOIs, ORCIDs and dates, and the one spelling that is kept."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from catalog.domain.identifiers import RECORD
from catalog.domain.importing.names import is_iri

LONGEST_ADDRESS = 2_000
"""Characters; a little less than an IRI may have, since a base may be put before it."""

_DOI = re.compile(r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+/\d{7})", re.IGNORECASE)
_ORCID = re.compile(
    r"(?:https?://)?(?:(?:www\.)?orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])/?", re.ASCII
)
_ROR = re.compile(
    r"(?:https?://)?(?:www\.)?ror\.org/(0[a-hj-km-np-tv-z0-9]{6}\d{2})/?", re.ASCII | re.IGNORECASE
)
_EMAIL = re.compile(r"(?:mailto:)?([^@\s<>\"\\^`{|}]+@[^@\s<>\"\\^`{|}]+)")
_UNSHOWN = re.compile("[\x00-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def address_of(raw: Any) -> str | None:
    """Return the web address that a text is; None if it is none.

    A DOI becomes its address at doi.org, an arXiv number that at arxiv.org, and `git+` before an
    address is left out. Addresses within the record of a catalog are nobody else's to use.
    """
    if not isinstance(raw, str) or len(raw) > LONGEST_ADDRESS:
        return None
    text = raw.strip().removeprefix("git+")
    doi = doi_of(text)
    arxiv = _ARXIV.fullmatch(text)
    if doi:
        text = f"https://doi.org/{doi}"
    elif arxiv:
        text = f"https://arxiv.org/abs/{arxiv[1]}"
    return text if _is_web_address(text) else None


def _is_web_address(text: str) -> bool:
    if not text.lower().startswith(("http://", "https://")) or len(text) > LONGEST_ADDRESS:
        return False
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return False
    ours = urlsplit(RECORD).hostname
    return bool(host) and host != ours and not _UNSHOWN.search(text) and is_iri(text)


def doi_of(raw: Any) -> str | None:
    """Return the DOI that a text is, without what stands before it.

    >>> doi_of("https://doi.org/10.5281/zenodo.10198748"), doi_of("10 apples")
    ('10.5281/zenodo.10198748', None)
    """
    found = _DOI.fullmatch(raw.strip()) if isinstance(raw, str) else None
    return found[1] if found else None


def orcid_of(raw: Any) -> str | None:
    """Return the address of the ORCID that a text is."""
    found = _ORCID.fullmatch(raw.strip()) if isinstance(raw, str) else None
    return f"https://orcid.org/{found[1].upper()}" if found else None


def ror_of(raw: Any) -> str | None:
    """Return the address of the ROR number that a text is."""
    found = _ROR.fullmatch(raw.strip()) if isinstance(raw, str) else None
    return f"https://ror.org/{found[1].lower()}" if found else None


def mailbox_of(raw: Any) -> str | None:
    """Return the `mailto:` address of an e-mail address."""
    found = _EMAIL.fullmatch(raw.strip()) if isinstance(raw, str) else None
    mailbox = f"mailto:{found[1]}" if found else ""
    return mailbox if mailbox and not _UNSHOWN.search(mailbox) and is_iri(mailbox) else None


_YEAR = re.compile(r"\d{4}", re.ASCII)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?\d* ?"
    r"(Z|[+-](?:0\d|1[0-3]):[0-5]\d)?",
    re.ASCII,
)


def date_of(raw: Any) -> tuple[str, str] | None:
    """Return a date as XML Schema writes it, with the name of its datatype.

    >>> date_of("2022-03-01"), date_of("2022-03"), date_of("2022-03-01 12:00")
    (('2022-03-01', 'date'), ('2022-03', 'gYearMonth'), ('2022-03-01T12:00:00', 'dateTime'))
    """
    if isinstance(raw, date):
        raw = raw.isoformat()
    elif isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or raw.startswith("0000"):
        return None
    text = raw.strip()
    moment = _MOMENT.fullmatch(text)
    if moment:
        day, time, seconds, fraction, zone = moment.groups()
        whole = f"{day}T{time}{seconds or ':00'}"
        written = f"{whole}{fraction or ''}{zone or ''}"
        return (written, "dateTime") if _exists(whole) else None
    if _DAY.fullmatch(text):
        return (text, "date") if _exists(text) else None
    if _MONTH.fullmatch(text):
        return text, "gYearMonth"
    return (text, "gYear") if _YEAR.fullmatch(text) else None


def _exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def words_in(raw: Any, pointer: str) -> Iterator[tuple[Any, str]]:
    """Yield the words of a list, or of a text in which commas or semicolons part them.

    Each comes with its JSON Pointer; what is no text comes as it is.
    """
    if isinstance(raw, str):
        for word in re.split(r"[,;\n]", raw):
            if word.strip():
                yield word.strip(), pointer
    elif isinstance(raw, list):
        for number, one in enumerate(raw):
            yield one, f"{pointer}/{number}"
    else:
        yield raw, pointer
