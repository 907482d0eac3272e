"""Sends bytes to an S3 store as they come, and after them their SHA-256, which the store checks.

`minio`'s own `put_object` holds a whole part in memory, knows no conditions and no checksums; so
requests with a body are made here, signed by its signer. The body is in the `aws-chunked` framing
with a trailing checksum: one pass over bytes whose digest nobody knows beforehand.
"""

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import SplitResult, quote, urlencode, urlsplit
from xml.etree import ElementTree

import urllib3
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from catalog.adapters.streams import CHUNK_BYTES, Fingerprint

CHECKSUM = "x-amz-checksum-sha256"
_STREAMED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_BASE64_DIGEST_BYTES = 44


class Refused(Exception):
    """The store answered, and said no.

    status  of HTTP
    code    S3's own word for it, or "" where it gave none
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}".rstrip())
        self.status = status
        self.code = code


class Sender:
    """Makes signed requests that carry a body."""

    def __init__(
        self, client: Minio, http: urllib3.PoolManager, credentials: Credentials, region: str
    ) -> None:
        self._client = client
        self._http = http
        self._credentials = credentials
        self._region = region

    def put(
        self,
        bucket: str,
        key: str,
        chunks: Iterable[bytes],
        size_bytes: int,
        fingerprint: Fingerprint,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, str]:
        """Send `chunks` as the body of a PUT and return the headers of the answer.

        chunks       of CHUNK_BYTES each but the last, `size_bytes` together
        fingerprint  takes every chunk; its digest is what the store compares

        Raises Refused, what urllib3 raises, and what going through `chunks` raises: then the body
        stays unfinished and the store keeps nothing of it.
        """
        body = _Framed(chunks, fingerprint)
        about = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aws-chunked",
            "Content-Length": str(_framed_bytes(size_bytes)),
            "x-amz-decoded-content-length": str(size_bytes),
            "x-amz-trailer": CHECKSUM,
            **(headers or {}),
        }
        try:
            return self._request("PUT", bucket, key, query, about, body, _STREAMED).headers
        except Exception:
            if body.fault is not None:  # urllib3 would call a cut source a failing store
                raise body.fault from None
            raise

    def post(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
    ) -> ElementTree.Element:
        """Send a small document and return the one that answers it; raises as `put` does."""
        about = {"Content-Type": "application/xml", "Content-Length": str(len(body))}
        about |= headers or {}
        answer = self._request("POST", bucket, key, query, about, body, sha256(body).hexdigest())
        # S3 may begin to answer 200 before it knows, so the document has the last word.
        if code := _error_code(answer.data):
            raise Refused(answer.status, code)
        return ElementTree.fromstring(answer.data)  # noqa: S314  (written by the store we chose)

    def delete(self, bucket: str, key: str, *, query: Mapping[str, str]) -> None:
        """Remove what `query` names; raises as `put` does."""
        self._request("DELETE", bucket, key, query, {}, None, sha256(b"").hexdigest())

    def presigned(
        self, method: str, bucket: str, key: str, *, seconds: int, headers: Mapping[str, str]
    ) -> str:
        """Return an address at which anybody may send one kind of request for a while.

        headers  that the request has to carry, with these values; names in lower case

        `minio` signs none but `Host`. The rules are those of AWS Signature Version 4 for
        parameters in a query.
        """
        address = self._address(bucket, key, {})
        now = datetime.now(UTC)
        day, moment = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
        scope = f"{day}/{self._region}/s3/aws4_request"
        signed = dict(sorted({**headers, "host": address.netloc}.items()))
        query = _canonical(
            {
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{self._credentials.access_key}/{scope}",
                "X-Amz-Date": moment,
                "X-Amz-Expires": str(seconds),
                "X-Amz-SignedHeaders": ";".join(signed),
            }
        )
        lines = [method, address.path, query, *(f"{name}:{said}" for name, said in signed.items())]
        asked = "\n".join([*lines, "", ";".join(signed), "UNSIGNED-PAYLOAD"])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, _hex(asked)])
        secret = f"AWS4{self._credentials.secret_key}".encode()
        for word in (day, self._region, "s3", "aws4_request"):
            secret = hmac.digest(secret, word.encode(), "sha256")
        signature = hmac.digest(secret, to_sign.encode(), "sha256").hex()
        return address._replace(query=f"{query}&X-Amz-Signature={signature}").geturl()

    def _request(
        self,
        method: str,
        bucket: str,
        key: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        body: "bytes | _Framed | None",
        content: str,
    ) -> urllib3.BaseHTTPResponse:
        url = self._address(bucket, key, query or {})
        now = datetime.now(UTC)
        signed = sign_v4_s3(
            method=method,
            url=url,
            region=self._region,
            headers={
                **headers,
                "Host": url.netloc,
                "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
                "x-amz-content-sha256": content,
            },
            credentials=self._credentials,
            content_sha256=content,
            date=now,
        )
        # Never repeated by urllib3: what went out of a stream cannot go out again.
        answer = self._http.urlopen(
            method, url.geturl(), body=body, headers=signed, retries=False, redirect=False
        )
        if answer.status not in {200, 204}:
            raise Refused(answer.status, _error_code(answer.data))
        return answer

    def _address(self, bucket: str, key: str, query: Mapping[str, str]) -> SplitResult:
        """Return the address of an object by the client's own rules (path or virtual host)."""
        signed = self._client.get_presigned_url("PUT", bucket, key, expires=timedelta(minutes=1))
        return urlsplit(signed)._replace(query=urlencode(sorted(query.items())))


class _Framed:
    """The body of a request in chunks with their sizes, and the checksum of all at the end."""

    def __init__(self, chunks: Iterable[bytes], fingerprint: Fingerprint) -> None:
        self.fault: Exception | None = None
        self._chunks = chunks
        self._fingerprint = fingerprint

    def __iter__(self) -> Iterator[bytes]:
        end = b""
        for chunk in self._watched():
            self._fingerprint.add(chunk)
            yield b"%b%x\r\n" % (end, len(chunk))
            yield chunk
            end = b"\r\n"
        digest = base64.b64encode(self._fingerprint.digest())
        yield b"%b0\r\n%b:%b\r\n\r\n" % (end, CHECKSUM.encode(), digest)

    def _watched(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except Exception as fault:
            self.fault = fault
            raise


def _canonical(query: Mapping[str, str]) -> str:
    return "&".join(
        f"{quote(name, safe='')}={quote(said, safe='')}" for name, said in sorted(query.items())
    )


def _hex(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _framed_bytes(size_bytes: int) -> int:
    """Return the length that a body of `size_bytes` has once it is framed."""
    whole, rest = divmod(size_bytes, CHUNK_BYTES)
    frames = whole * _frame_bytes(CHUNK_BYTES) + (_frame_bytes(rest) if rest else 0)
    return frames + len(f"0\r\n{CHECKSUM}:\r\n\r\n") + _BASE64_DIGEST_BYTES


def _frame_bytes(size_bytes: int) -> int:
    return len(f"{size_bytes:x}\r\n\r\n") + size_bytes


def _error_code(body: bytes) -> str:
    """Return the code of an S3 error document, "" for anything else."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError:
        return ""
    return root.findtext("Code", "") if root.tag == "Error" else ""
