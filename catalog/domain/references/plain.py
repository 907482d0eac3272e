"""What a server says about a file that is just a file, by its headers alone."""

import re
from collections.abc import Generator
from typing import Final
from urllib.parse import urlsplit

from catalog.domain.references import replies
from catalog.domain.references.addresses import File
from catalog.domain.references.asking import Facts, Found, Looking, Presence, Question, Reply

_IDENTITY: Final = {"Accept-Encoding": "identity"}
_WHOLE = re.compile(r"bytes \d+-\d+/(\d+)")
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})


def look(address: File) -> Looking:
    """Return what its server says: by HEAD, or by a GET of one byte where that is refused."""
    site = urlsplit(address.url).hostname or address.url
    reply = yield Question("HEAD", address.url, _IDENTITY)
    size = replies.size(reply.headers.get("content-length"))
    if 400 <= reply.status < 500 and reply.status not in {401, 407, 410, 429}:
        reply, size = yield from _first_byte(address)
    if refused := replies.refused(reply, site):
        return refused
    return Found(Presence.THERE, _facts(address, reply, size))


def _first_byte(address: File) -> Generator[Question, Reply, tuple[Reply, int | None]]:
    reply = yield Question("GET", address.url, {**_IDENTITY, "Range": "bytes=0-0"}, most_bytes=1)
    whole = _WHOLE.fullmatch(reply.headers.get("content-range", "").strip())
    if reply.status == 206:
        return reply, replies.size(whole[1]) if whole else None
    return reply, replies.size(reply.headers.get("content-length"))


def _facts(address: File, reply: Reply, size: int | None) -> Facts:
    kind = replies.media_type(reply)
    if kind in _PAGES:
        # A page is made anew for each reader: neither its length nor its tag says anything.
        return Facts(address.url, page=address.url, media_type=kind)
    name = replies.file_name(reply, address.url)
    return Facts(
        address.url,
        download=address.url,
        title=name,
        file_name=name,
        size_bytes=size,
        media_type=kind,
        etag=replies.etag(reply),
        sha256=replies.declared_sha256(reply),
        modified=replies.moment(reply.headers.get("last-modified")),
    )
