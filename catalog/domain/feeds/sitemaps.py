"""Sitemaps: the landing pages of public items, for search engines (sitemaps.org, protocol 0.9)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from catalog.domain.feeds.xml_text import escaped

FORM: Final = "application/xml"
ADDRESSES_A_FILE: Final = 10_000
"""How many items a file stands for; the protocol allows 50,000 addresses and 50 MB."""

_OPENING: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


def index(addresses: Iterable[str]) -> bytes:
    """Return the index of these files."""
    inside = "".join(f"<sitemap>{_located(address)}</sitemap>\n" for address in addresses)
    return f'{_OPENING}<sitemapindex xmlns="{_NAMESPACE}">\n{inside}</sitemapindex>\n'.encode()


def file(pages: Iterable[tuple[str, datetime]]) -> bytes:
    """Return one file: pages, each with the moment when it changed last."""
    return "".join(_lines(pages)).encode()


def _lines(pages: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    yield f'{_OPENING}<urlset xmlns="{_NAMESPACE}">\n'
    for address, at in pages:
        moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        yield f"<url>{_located(address)}<lastmod>{moment}</lastmod></url>\n"
    yield "</urlset>\n"


def _located(address: str) -> str:
    return f"<loc>{escaped(address)}</loc>"
