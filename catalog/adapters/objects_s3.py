"""Keeps objects in one bucket of an S3 store: SeaweedFS, MinIO, or any that passes the contract.

Asked of the store are conditional writes (`If-None-Match: *`) and trailing SHA-256 checksums. How
durable an answered write is, is the store's promise: `weed` survives the end of its process, but
answers before the disk has everything, and may lose the last seconds in a power cut.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import BinaryIO, Self, cast
from xml.etree import ElementTree

import certifi
import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import MinioException, S3Error, ServerError
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.exceptions import TimeoutError as TooLate

from catalog.adapters.objects_s3_parts import Joined, S3Parts, key_of
from catalog.adapters.s3_sending import CHECKSUM, Refused, Sender
from catalog.adapters.streams import (
    CHUNK_BYTES,
    Chunks,
    Fingerprint,
    checked_key,
    checked_prefix,
    checked_range,
    chunks_of,
    digest_of,
    is_key,
    no_chunks,
)
from catalog.domain.errors import CatalogError, KeyTaken, NoSpace, ObjectMissing, Unavailable
from catalog.ports import Part, Stored, StoredObject

SINGLE_PUT_BYTES = 5 << 30
"""Up to here a body goes in one request; that is as much as Amazon takes (5 GiB)."""

_PART_BYTES = 1 << 30
_TIMEOUT_SECONDS = 4.0
_CONNECTIONS = 64
_FULL = {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"}
_ABSENT = {"NoSuchKey", "NoSuchBucket", "NoSuchUpload"}
_ONLY_IF_NEW = {"If-None-Match": "*"}
_TOO_LATE = "The object store does not answer in time."


class S3Objects:
    """An object store in a bucket. Threads may share it; each process makes its own."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        *,
        bucket: str,
        region: str = "us-east-1",
        secure: bool = False,
        single_put_bytes: int | None = SINGLE_PUT_BYTES,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        public: str | None = None,
    ) -> None:
        """Know where the store is; nothing is asked of it yet.

        endpoint          host and port
        bucket            made at the first `put` where it is absent
        single_put_bytes  a longer body goes in parts; None: never (right for `weed`, which takes
                          any length at once and has lost objects that came in parts)
        timeout_seconds   how long the store may be silent, at any point of a request
        public            where others reach the store, such as https://s3.example.org; None where
                          they do not, and all bytes go through the catalog
        """
        http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=timeout_seconds, read=timeout_seconds),
            retries=_OnceUnlessLate(
                1,
                status_forcelist=[502, 503],
                backoff_factor=0.1,
                respect_retry_after_header=False,
            ),
            maxsize=_CONNECTIONS,
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        )
        self._client = Minio(
            endpoint, access_key, secret_key, secure=secure, region=region, http_client=http
        )
        credentials = Credentials(access_key, secret_key)
        self._sender = Sender(self._client, http, credentials, region)
        self._parts = S3Parts(self._client, self._sender, bucket)
        self._public: Minio | None = None
        self._public_parts: S3Parts | None = None
        if public is not None:
            scheme, _, host = public.rpartition("://")
            self._public = Minio(
                host.rstrip("/"), access_key, secret_key, secure=scheme == "https", region=region
            )
            signer = Sender(self._public, http, credentials, region)
            self._public_parts = S3Parts(self._public, signer, bucket)
        self._bucket = bucket
        self._bucket_is_there = False
        self._single_put_bytes = single_put_bytes

    def put(self, key: str, source: BinaryIO, size_bytes: int | None) -> Stored:
        """Keep the bytes of `source` under `key`, once the store has compared their checksum.

        Raises KeyTaken, CutShort, NoSpace or Unavailable, and what the source itself raises; then
        nothing of it is kept, unless the store was lost between keeping and answering.
        """
        checked_key(key)
        if size_bytes is None:
            return self._put_of_unknown_size(key, source)
        stored = self._put_again_if_need_be(key, source, size_bytes)
        self._check_kept(key, stored)
        return stored

    def read(self, key: str, start: int = 0, length: int | None = None) -> Chunks:
        """Return the bytes from `start` on, as a slice would: beyond the end there are none.

        length  how many at most; None for all

        Raises ObjectMissing at once, not at the first chunk; Unavailable where the store fails,
        which may be at any chunk.
        """
        checked_key(key)
        checked_range(start, length)
        if length == 0:
            self.size(key)
            return no_chunks()
        with _told_apart(key):
            try:
                answer = self._client.get_object(self._bucket, key, start, length or 0)
            except MinioException as fault:
                if _answer_in(fault)[0] == 416:
                    return no_chunks()
                raise
        return Chunks(_Reader(answer), answer.close)

    def size(self, key: str) -> int:
        """Return the size in bytes, or raise ObjectMissing."""
        with _told_apart(checked_key(key)):
            return cast(int, self._client.stat_object(self._bucket, key).size)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        checked_key(key)
        with contextlib.suppress(ObjectMissing), _told_apart(key):
            self._client.remove_object(self._bucket, key)

    def listing(self, prefix: str = "") -> Iterator[StoredObject]:
        """Go through the objects whose key begins with `prefix`; what is not ours is passed by."""
        begin = checked_prefix(prefix) or "o/"
        found = self._client.list_objects(self._bucket, prefix=begin, recursive=True)
        with contextlib.suppress(ObjectMissing), _told_apart(prefix):
            for entry in found:
                key = entry.object_name or ""
                if is_key(key) and entry.last_modified is not None:
                    yield StoredObject(key, entry.size or 0, entry.last_modified)

    def address(self, key: str, *, media_type: str, disposition: str, seconds: int) -> str | None:
        """Return where anybody can GET the bytes for so long; None where nobody reaches the store.

        The store answers with this media type and disposition, whatever it knows of the object.
        """
        if self._public is None:
            return None
        return self._public.get_presigned_url(
            "GET",
            self._bucket,
            checked_key(key),
            expires=timedelta(seconds=seconds),
            response_headers={
                "response-content-type": media_type,
                "response-content-disposition": disposition,
            },
        )

    def part_address(self, upload: str, part: Part, *, seconds: int) -> str | None:
        """Return where anybody can PUT a part, of its size only, for so long; None as above."""
        if self._public_parts is None:
            return None
        with _told_apart():
            self._make_bucket()
        return self._public_parts.address(upload, part, seconds)

    def put_part(self, upload: str, part: Part, source: BinaryIO, sha256: str | None) -> Stored:
        """Keep the bytes of one part; raises CutShort, NoSpace and ChecksumMismatch."""
        with _told_apart():
            self._make_bucket()
            return self._parts.put(upload, part, source, sha256)

    def arrived(self, upload: str) -> dict[int, int]:
        """Return the numbers of the parts that are there, and the size in bytes of each."""
        with contextlib.suppress(ObjectMissing), _told_apart(upload):
            return self._parts.arrived(upload)
        return {}

    def join(self, upload: str, key: str, parts: Sequence[Part]) -> Stored:
        """Send the parts through the catalog under one key; their digest is taken on the way."""
        if self._is_there(key):  # parts may be gone by then
            return digest_of(self.read(key))
        openings = [partial(self._part, key_of(upload, part.n)) for part in parts]
        size_bytes = sum(part.size_bytes for part in parts)
        try:
            return self.put(key, cast(BinaryIO, Joined(openings)), size_bytes)
        except KeyTaken:
            return digest_of(self.read(key))

    def discard(self, upload: str) -> None:
        """Remove all parts of an upload; no object."""
        with contextlib.suppress(ObjectMissing), _told_apart(upload):
            self._parts.discard(upload)

    def uploads(self) -> Iterator[str]:
        """Go through the uploads of which there are parts."""
        with contextlib.suppress(ObjectMissing), _told_apart("p/"):
            yield from self._parts.uploads()

    def _part(self, key: str) -> Chunks:
        with _told_apart(key):
            answer = self._client.get_object(self._bucket, key)
        return Chunks(_Reader(answer), answer.close)

    def _make_bucket(self) -> None:
        if self._bucket_is_there:
            return
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as fault:
                if fault.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise
        self._bucket_is_there = True

    def _put_of_unknown_size(self, key: str, source: BinaryIO) -> Stored:
        """Put `source` by way of a temporary file: S3 wants the length before the first byte."""
        with tempfile.TemporaryFile() as spool:
            for chunk in chunks_of(source, None):
                try:
                    spool.write(chunk)
                except OSError as fault:
                    raise NoSpace("There is no room for this upload.") from fault
            size_bytes = spool.tell()
            spool.seek(0)
            return self.put(key, cast(BinaryIO, spool), size_bytes)

    def _put_again_if_need_be(self, key: str, source: BinaryIO, size_bytes: int) -> Stored:
        begin = source.tell() if _can_go_back(source) else None
        try:
            return self._put_once(key, source, size_bytes)
        except _Undecided as fault:
            if self._is_there(key):
                raise KeyTaken(key) from fault
            if begin is None:
                raise Unavailable("The object store broke off; send the file again.") from fault
        source.seek(begin)
        try:
            return self._put_once(key, source, size_bytes)
        except _Undecided as fault:
            raise Unavailable("The object store broke off twice; try again later.") from fault

    def _put_once(self, key: str, source: BinaryIO, size_bytes: int) -> Stored:
        chunks = chunks_of(source, size_bytes)
        with Fingerprint() as fingerprint, _told_apart(key):
            self._make_bucket()
            try:
                self._send(key, chunks, size_bytes, fingerprint)
            except Refused as fault:
                if fault.code == "NoSuchBucket":  # removed behind our back
                    self._bucket_is_there = False
                if fault.code == "NoSuchBucket" or fault.status == 409:
                    raise _Undecided from fault
                raise
            except ProtocolError as fault:
                if isinstance(fault.args[-1], TimeoutError):  # while sending; nobody listens
                    raise Unavailable(_TOO_LATE) from fault
                raise _Undecided from fault
            return fingerprint.stored()

    def _send(
        self, key: str, chunks: Iterator[bytes], size_bytes: int, fingerprint: Fingerprint
    ) -> None:
        limit = self._single_put_bytes
        if limit is not None and size_bytes > limit:
            self._put_in_parts(key, chunks, size_bytes, fingerprint)
        else:
            self._sender.put(
                self._bucket, key, chunks, size_bytes, fingerprint, headers=_ONLY_IF_NEW
            )

    def _check_kept(self, key: str, stored: Stored) -> None:
        """Ask the store for the size of what it has answered to have kept."""
        try:
            kept = self.size(key)
        except ObjectMissing as fault:
            raise Unavailable("The object store has lost what it had just kept.") from fault
        if kept != stored.size_bytes:
            self.delete(key)
            raise Unavailable(f"The object store kept {kept} of {stored.size_bytes} bytes.")

    def _put_in_parts(
        self, key: str, chunks: Iterator[bytes], size_bytes: int, fingerprint: Fingerprint
    ) -> None:
        """Put what is longer than one request may be; it becomes visible with the last of them."""
        begun = self._sender.post(
            self._bucket,
            key,
            b"",
            query={"uploads": ""},
            headers={"x-amz-checksum-algorithm": "SHA256"},
        )
        upload = begun.findtext("{*}UploadId", "")
        part_bytes = min(_PART_BYTES, cast(int, self._single_put_bytes))
        part_bytes -= part_bytes % CHUNK_BYTES
        try:
            parts = ElementTree.Element("CompleteMultipartUpload")
            for number, begin in enumerate(range(0, size_bytes, part_bytes), start=1):
                size = min(part_bytes, size_bytes - begin)
                of_part = _next_of(chunks, size, fingerprint)
                parts.append(self._put_part(key, upload, number, of_part, size))
            next(chunks, None)  # raises CutShort where the source goes on
            self._sender.post(
                self._bucket,
                key,
                ElementTree.tostring(parts),
                query={"uploadId": upload},
                headers=_ONLY_IF_NEW,
            )
        except BaseException:
            with contextlib.suppress(Refused, HTTPError):
                self._sender.delete(self._bucket, key, query={"uploadId": upload})
            raise

    def _put_part(
        self, key: str, upload: str, number: int, chunks: Iterator[bytes], size_bytes: int
    ) -> ElementTree.Element:
        query = {"partNumber": str(number), "uploadId": upload}
        with Fingerprint() as fingerprint:
            answer = self._sender.put(
                self._bucket, key, chunks, size_bytes, fingerprint, query=query
            )
        part = ElementTree.Element("Part")
        ElementTree.SubElement(part, "PartNumber").text = str(number)
        ElementTree.SubElement(part, "ETag").text = answer["ETag"]
        ElementTree.SubElement(part, "ChecksumSHA256").text = answer[CHECKSUM]
        return part

    def _is_there(self, key: str) -> bool:
        try:
            self.size(key)
        except ObjectMissing:
            return False
        return True


class _Undecided(Exception):
    """The store neither kept nor refused: it met two writers at once, or hung up."""


class _OnceUnlessLate(urllib3.Retry):
    """Repeats a request that failed at once, but none that has used up its time already."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if isinstance(error, TooLate):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _Reader:
    """Reads the body of an answer."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer

    def __call__(self) -> bytes:
        with _told_apart():
            return self._answer.read(CHUNK_BYTES, decode_content=False)


def _can_go_back(source: BinaryIO) -> bool:
    return bool(getattr(source, "seekable", bool)())


def _next_of(chunks: Iterator[bytes], size_bytes: int, fingerprint: Fingerprint) -> Iterator[bytes]:
    """Go through the next `size_bytes`; where they end early `chunks` itself raises CutShort."""
    while size_bytes > 0:
        chunk = next(chunks)
        fingerprint.add(chunk)
        size_bytes -= len(chunk)
        yield chunk


@contextlib.contextmanager
def _told_apart(key: str | None = None) -> Iterator[None]:
    """Turn what the store, its client and the network say into what the catalog says."""
    try:
        yield
    except (Refused, MinioException) as fault:
        raise _meaning(fault, key) from fault
    except TooLate as fault:
        raise Unavailable(_TOO_LATE) from fault
    except HTTPError as fault:
        raise Unavailable("The object store cannot be reached.") from fault


def _meaning(fault: Refused | MinioException, key: str | None) -> CatalogError:
    status, code = _answer_in(fault)
    if key is not None and (status == 412 or code == "PreconditionFailed"):
        return KeyTaken(key)
    if key is not None and (status == 404 or code in _ABSENT):
        return ObjectMissing(key)
    if status == 507 or code in _FULL:
        return NoSpace("The object store is full; nothing of this was kept.")
    return Unavailable(f"The object store failed: {code or status or type(fault).__name__}.")


def _answer_in(fault: Refused | MinioException) -> tuple[int, str]:
    """Return the HTTP status and S3's code that `fault` carries; 0 and "" where it has none."""
    if isinstance(fault, Refused):
        return fault.status, fault.code
    if isinstance(fault, S3Error):
        return fault.response.status, fault.code or ""
    return (fault.status_code, "") if isinstance(fault, ServerError) else (0, "")
