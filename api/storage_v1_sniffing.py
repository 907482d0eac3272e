"""Which media type bytes look like, by the rules that Go's HTTP server follows (WHATWG)."""

from typing import Final

LOOKED_AT: Final = 512
"""How many bytes decide."""

_SPACE: Final = b"\t\n\x0c\r "
_TAGS: Final = (
    b"<!DOCTYPE HTML", b"<HTML", b"<HEAD", b"<SCRIPT", b"<IFRAME", b"<H1", b"<DIV", b"<FONT",
    b"<TABLE", b"<A", b"<STYLE", b"<TITLE", b"<B", b"<BODY", b"<BR", b"<P", b"<!--",
)  # fmt: skip
_PLAIN: Final = "text/plain; charset=utf-8"
_MARKED_UTF_16: Final = {b"\xfe\xff": "utf-16be", b"\xff\xfe": "utf-16le"}
_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\x00\x00\x02\x00", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\x0d\x0a\x1a\x0a", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b".snd", "audio/basic"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\x00", "application/ogg"),
    (b"MThd\x00\x00\x00\x06", "audio/midi"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"),
    (b"\x00asm", "application/wasm"),
)
_INSIDE: Final = (
    (b"RIFF", b"WEBPVP", "image/webp"),
    (b"FORM", b"AIFF", "audio/aiff"),
    (b"RIFF", b"AVI ", "video/avi"),
    (b"RIFF", b"WAVE", "audio/wave"),
)
_BINARY: Final = frozenset({*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)})


def media_type_of(beginning: bytes) -> str:
    """Return the media type of bytes that begin so; of 512 of them every one counts.

    >>> media_type_of(b"test-data"), media_type_of(b"\\x89PNG\\r\\n\\x1a\\n")
    ('text/plain; charset=utf-8', 'image/png')
    """
    start = beginning[:LOOKED_AT]
    return _marked_up(start.lstrip(_SPACE)) or _marked(start) or _text_or_not(start)


def _marked_up(text: bytes) -> str | None:
    if text.startswith(b"<?xml"):
        return "text/xml; charset=utf-8"
    for tag in _TAGS:
        if text[: len(tag)].upper() == tag and text[len(tag) : len(tag) + 1] in {b" ", b">"}:
            return "text/html; charset=utf-8"
    return None


def _marked(start: bytes) -> str | None:
    if start[:2] in _MARKED_UTF_16:
        return f"text/plain; charset={_MARKED_UTF_16[start[:2]]}"
    if start.startswith(b"\xef\xbb\xbf"):
        return _PLAIN
    for mark, kind in _BEGINNINGS:
        if start.startswith(mark):
            return kind
    for outer, inner, kind in _INSIDE:
        if start.startswith(outer) and start.startswith(inner, 8):
            return kind
    return "video/mp4" if _is_mp4(start) else None


def _is_mp4(start: bytes) -> bool:
    size = int.from_bytes(start[:4], "big")
    if len(start) < 12 or size % 4 or len(start) < size or start[4:8] != b"ftyp":
        return False
    brands = [start[place : place + 3] for place in range(8, size, 4) if place != 12]
    return b"mp4" in brands


def _text_or_not(start: bytes) -> str:
    return "application/octet-stream" if _BINARY & set(start) else _PLAIN
