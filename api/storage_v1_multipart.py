"""The first part of a multipart body, read as it comes and never held as a whole.

RFC 2046 as Go's `mime/multipart` reads it: what stands before the first boundary is passed over,
lines may end without a carriage return, and a boundary is one only where a line break, a blank or
two dashes follow it. Everything is read to the end of the body before the part is over, so that a
body that was cut anywhere is a failure.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import BinaryIO, Final

from werkzeug.http import parse_options_header

_MOST_AT_ONCE: Final = 1 << 18
_LONGEST_HEAD: Final = 1 << 16
_MOST_AFTER: Final = 1 << 18
"""What is read after the part, so that the connection can be used again; beyond that it is cut."""

_AFTER_A_BOUNDARY: Final = frozenset({b" ", b"\t", b"\r", b"\n", b"-"})
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)", re.DOTALL)


class NoMultipart(Exception):
    """The body is not multipart, for a reason in Go's words."""


class BadPart(Exception):
    """The body is no multipart that can be read, or ends too early."""


def boundary_of(content_type: str) -> bytes:
    """Return the boundary that a `Content-Type` names; NoMultipart where that is none."""
    kind, said = parse_options_header(content_type)
    if kind.lower() not in {"multipart/form-data", "multipart/mixed"}:
        raise NoMultipart("request Content-Type isn't multipart/form-data")
    boundary = said.get("boundary", "")
    if not boundary:
        raise NoMultipart("no multipart boundary param in Content-Type")
    return boundary.encode("latin-1", "replace")


class FirstPart:
    """The first part of a body: its headers, and its content as a stream.

    Raises BadPart for a body that cannot be read, and what the source raises where it is cut.
    """

    def __init__(self, source: BinaryIO, boundary: bytes) -> None:
        """Read up to the content of the first part.

        source  the body; its `read` returns no bytes at the end only
        """
        self._source = source
        self._dashes = b"--" + boundary
        self._buffer = b""
        self._at = 0
        self._begun = False
        self._is_over = False
        self._newline = b"\r\n"
        self.exists = self._find_first()
        self.headers: Mapping[str, str] = self._read_head() if self.exists else {}

    @property
    def file_name(self) -> str:
        """The last segment of the name that `Content-Disposition` gives; "" without one."""
        kind, said = parse_options_header(self.headers.get("content-disposition", ""))
        name = said.get("filename", "") if kind else ""
        return posixpath.basename(name.rstrip("/")) or name[:1]

    @property
    def media_type(self) -> str | None:
        """The media type that the part announces."""
        return self.headers.get("content-type")

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes of the content, at most so many; none at its end."""
        wanted = _MOST_AT_ONCE if most < 0 else most
        while not self._is_over:
            found, safe = self._boundary_ahead()
            if safe:
                return self._taken(min(safe, wanted))
            if found:
                self._finish()
            else:
                self._more("unexpected EOF")
        return b""

    # -- before the content

    def _find_first(self) -> bool:
        """Step to behind the first boundary; False where it is the last one as well."""
        while True:
            line = self._line()
            rest = line.rstrip(b"\r\n").removeprefix(self._dashes)
            if not line.startswith(self._dashes):
                if not line.endswith(b"\n"):
                    raise BadPart("multipart: NextPart: EOF")
                continue
            if rest.startswith(b"--") and not rest[2:].strip(b" \t"):
                return False
            if not rest.strip(b" \t") and line.endswith(b"\n"):
                self._newline = b"\r\n" if line.endswith(b"\r\n") else b"\n"
                return True

    def _line(self) -> bytes:
        """Return the next line with its end; of a long one, which is no boundary, only its end."""
        while (place := self._buffer.find(b"\n", self._at)) < 0:
            if len(self._buffer) - self._at > _LONGEST_HEAD:
                self._buffer, self._at = b" " + self._buffer[-1:], 0
            if not self._filled():
                return self._taken(len(self._buffer) - self._at)
        return self._taken(place + 1 - self._at)

    def _read_head(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        length, last = 0, ""
        while True:
            line = self._head_line(_LONGEST_HEAD - length)
            length += len(line)
            bare = line.rstrip(b"\r\n")
            if not bare:
                return headers
            if bare[:1] in b" \t" and last:
                headers[last] += " " + bare.strip().decode("utf-8", "replace")
                continue
            found = _HEADER.fullmatch(bare)
            if found is None:
                raise BadPart("malformed MIME header line")
            last = found[1].decode().lower()
            headers.setdefault(last, found[2].strip().decode("utf-8", "replace"))

    def _head_line(self, room: int) -> bytes:
        while (place := self._buffer.find(b"\n", self._at)) < 0:
            if len(self._buffer) - self._at > room:
                break
            self._more("multipart: NextPart: EOF")
        if place < 0 or place - self._at >= room:
            raise BadPart("multipart: message too large")
        return self._taken(place + 1 - self._at)

    # -- the content

    def _boundary_ahead(self) -> tuple[bool, int]:
        """Return whether the content ends here, and how many bytes of it are sure."""
        if not self._begun:
            # Content without a byte: the boundary stands right behind the empty line.
            start = self._buffer[self._at : self._at + len(self._dashes) + 1]
            if len(start) <= len(self._dashes) and self._dashes.startswith(start):
                return False, 0
            self._begun = True
            if self._is_boundary(self._at, self._dashes):
                return True, 0
        mark = self._newline + self._dashes
        place = self._buffer.find(mark, self._at)
        while place >= 0:
            if place + len(mark) >= len(self._buffer):
                return False, place - self._at  # what follows it decides
            if self._is_boundary(place, mark):
                return place == self._at, place - self._at
            place = self._buffer.find(mark, place + 1)
        return False, max(0, len(self._buffer) - self._at - len(mark))

    def _is_boundary(self, place: int, mark: bytes) -> bool:
        after = self._buffer[place + len(mark) : place + len(mark) + 1]
        return self._buffer.startswith(mark, place) and after in _AFTER_A_BOUNDARY

    def _finish(self) -> None:
        """Read what comes after the part, as far as that is worth it."""
        self._is_over = True
        left = _MOST_AFTER - (len(self._buffer) - self._at)
        self._buffer, self._at = b"", 0
        while left > 0 and (chunk := self._source.read(min(left, _MOST_AT_ONCE))):
            left -= len(chunk)

    # -- the source

    def _taken(self, length: int) -> bytes:
        taken = self._buffer[self._at : self._at + length]
        self._at += length
        return taken

    def _filled(self) -> bool:
        """Read on; False at the end of the body."""
        chunk = self._source.read(_MOST_AT_ONCE)
        self._buffer, self._at = self._buffer[self._at :] + chunk, 0
        return bool(chunk)

    def _more(self, otherwise: str) -> None:
        if not self._filled():
            raise BadPart(otherwise)
