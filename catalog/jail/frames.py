"""How requests and answers stand on the pipes: two lengths, a JSON header, raw bytes.

Never pickle: what comes out of a jailed worker is data of a stranger.
"""

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

PREFIX = struct.Struct(">II")
"""The lengths of header and body in bytes."""

HEADER_BYTES = 16 << 20
"""The longest header that is taken from a worker: a report with thousands of findings."""


class Ended(Exception):
    """The other side has closed its end in the middle of a frame, or before one."""


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )
    return b"".join((PREFIX.pack(len(text), len(body)), text, body))


def header_of(text: bytes | bytearray | memoryview) -> dict[str, Any]:
    """Return the header that `text` holds; raises ValueError where it is not a JSON object."""
    header = json.loads(str(text, "utf-8", "surrogatepass"))
    if not isinstance(header, dict):
        raise ValueError(  # noqa: TRY004 (bad content, not a bad argument)
            "the header of a frame is a JSON object"
        )
    return header


def receive(reader: int) -> tuple[dict[str, Any], bytes]:
    """Wait for one frame on a blocking pipe; raises Ended at the end of the file."""
    header_bytes, body_bytes = PREFIX.unpack(_exactly(reader, PREFIX.size))
    content = memoryview(_exactly(reader, header_bytes + body_bytes))
    return header_of(content[:header_bytes]), bytes(content[header_bytes:])


def send(writer: int, frame: bytes) -> None:
    """Write a whole frame to a blocking pipe."""
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(writer, rest) :]


def _exactly(reader: int, size: int) -> bytes | bytearray:
    first = os.read(reader, size) if size else b""
    if len(first) == size:
        return first
    content = bytearray(size)
    content[: len(first)] = first
    have = len(first)
    if not first:
        raise Ended
    with memoryview(content) as view:
        while have < size:
            more = os.readv(reader, [view[have:]])
            if not more:
                raise Ended
            have += more
    return content
