"""Takes files that arrive in parts as objects of their own in a bucket, `p/{upload}/{n}`.

Anybody may PUT one to an address that the catalog signed, so bytes go to the store straight. The
multipart uploads of S3 are not used: SeaweedFS has lost objects that came so, and no store tells
the SHA-256 of the whole, for which every byte is read once more in any case.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from typing import BinaryIO

from minio import Minio
from minio.deleteobjects import DeleteObject

from catalog.adapters.s3_sending import Refused, Sender
from catalog.adapters.streams import Fingerprint, checked_upload, chunks_of, compare_digest
from catalog.ports import Part, Stored

_PREFIX = "p/"


class S3Parts:
    """The parts in one bucket. What the store says of a failure passes through."""

    def __init__(self, client: Minio, sender: Sender, bucket: str) -> None:
        self._client = client
        self._sender = sender
        self._bucket = bucket

    def address(self, upload: str, part: Part, seconds: int) -> str:
        """Return where a part may be PUT for so long: as many bytes as it has, and no others."""
        return self._sender.presigned(
            "PUT",
            self._bucket,
            key_of(upload, part.n),
            seconds=seconds,
            headers={"content-length": str(part.size_bytes)},
        )

    def put(self, upload: str, part: Part, source: BinaryIO, sha256: str | None) -> Stored:
        """Send one part, which takes the place of the one before."""
        key = key_of(upload, part.n)
        chunks = chunks_of(source, part.size_bytes)
        with Fingerprint() as fingerprint:
            self._sender.put(self._bucket, key, chunks, part.size_bytes, fingerprint)
            stored = fingerprint.stored()
        try:
            compare_digest(stored, sha256)
        except Exception:
            self._client.remove_object(self._bucket, key)
            raise
        return stored

    def arrived(self, upload: str) -> dict[int, int]:
        """Return the numbers of the parts that the store has, and the size of each."""
        prefix = f"{_PREFIX}{checked_upload(upload)}/"
        found = self._client.list_objects(self._bucket, prefix=prefix)
        sizes = (((one.object_name or "").removeprefix(prefix), one.size or 0) for one in found)
        return {int(name): size_bytes for name, size_bytes in sizes if name.isdigit()}

    def discard(self, upload: str) -> None:
        """Remove all parts of an upload."""
        keys = [DeleteObject(key_of(upload, n)) for n in self.arrived(upload)]
        for fault in self._client.remove_objects(self._bucket, keys):
            raise Refused(500, fault.code or "")

    def uploads(self) -> Iterator[str]:
        """Go through the uploads of which there are parts."""
        # Not by folders: SeaweedFS goes on listing one for a while after its last object.
        found = self._client.list_objects(self._bucket, prefix=_PREFIX, recursive=True)
        names = ((one.object_name or "").removeprefix(_PREFIX).partition("/")[0] for one in found)
        yield from (name for name, _ in groupby(names))


def key_of(upload: str, n: int) -> str:
    """Return the key under which a part lies."""
    return f"{_PREFIX}{checked_upload(upload)}/{n}"


class Joined:
    """The bytes of several objects, one after the other, as a file that is read once."""

    def __init__(self, openings: Iterable[Callable[[], Iterator[bytes]]]) -> None:
        """Read what each of `openings` opens, when its turn comes."""
        self._chunks = chain.from_iterable(opening() for opening in openings)
        self._rest = memoryview(b"")

    def read(self, most: int) -> bytes:
        """Return the next bytes, at most that many, and none at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        taken, self._rest = self._rest[:most], self._rest[most:]
        return bytes(taken)
