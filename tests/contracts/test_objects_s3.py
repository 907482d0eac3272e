"""How the S3 object store takes what no real server says on demand, and what goes in parts."""

import hashlib
import io
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, cast

import pytest
from minio import Minio

from catalog.adapters.objects_s3 import S3Objects
from catalog.domain.errors import (
    CatalogError,
    CutShort,
    KeyTaken,
    NoSpace,
    ObjectMissing,
    Unavailable,
)
from tests.contracts.test_object_store import from_network
from tests.servers import MinioServer

KEY = "o/item/upload"
BUCKET = "sage-script"


@dataclass
class Script:
    """A server that answers each request with the next line of a script."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    hang_up_after: int | None = None
    objects: S3Objects = field(init=False)

    def answer(self, *lines: tuple[int, str]) -> None:
        self.answers = list(lines)


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        script: ClassVar[Script] = made

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self) -> None:
            made.asked.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, said = made.answers.pop(0) if made.answers else (200, "")
            error = f"<Error><Code>{said}</Code><Message>so it is</Message></Error>"
            body = error.encode() if said and not said.isdigit() else b""
            size = int(said) if said.isdigit() else len(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Retry-After", "60")
            self.send_header("Content-Length", str(size))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
                if made.hang_up_after is not None:
                    self.wfile.write(bytes(made.hang_up_after))
                    self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    made.objects = S3Objects(f"127.0.0.1:{server.server_port}", "access", "secret", bucket=BUCKET)
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


OK = (200, "")
THERE = (200, "5")
NOT_THERE = (404, "")
BUCKET_IS_THERE = OK


def put(script: Script, seekable: bool = True) -> str:
    source = io.BytesIO(b"bytes") if seekable else from_network(b"bytes")
    return script.objects.put(KEY, source, 5).sha256


def test_a_put_is_done_when_the_store_has_told_its_size(script: Script) -> None:
    script.answer(BUCKET_IS_THERE, OK, THERE)
    assert put(script) == hashlib.sha256(b"bytes").hexdigest()
    assert script.asked == ["HEAD", "PUT", "HEAD"]
    script.answer(OK, THERE)
    put(script)
    assert script.asked[3:] == ["PUT", "HEAD"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([(500, "InternalError")], Unavailable),
        ([(503, "SlowDown")], Unavailable),
        ([(403, "AccessDenied")], Unavailable),
        ([(400, "XAmzContentChecksumMismatch")], Unavailable),
        ([(412, "PreconditionFailed")], KeyTaken),
        ([(507, "XMinioStorageFull")], NoSpace),
        ([(400, "QuotaExceeded")], NoSpace),
        ([(500, "")], Unavailable),
        ([(301, "")], Unavailable),
        ([OK, (200, "4")], Unavailable),
        ([OK, NOT_THERE], Unavailable),
        ([OK, (500, "")], Unavailable),
        ([(409, "ConditionalRequestConflict"), THERE], KeyTaken),
        ([(409, "ConditionalRequestConflict"), NOT_THERE, (409, "Again")], Unavailable),
    ],
)
def test_each_refusal_of_a_put_has_its_name(
    script: Script, answers: list[tuple[int, str]], error: type[CatalogError]
) -> None:
    script.answer(BUCKET_IS_THERE, *answers)
    with pytest.raises(error):
        put(script)
    assert not script.answers


def test_an_object_of_the_wrong_size_is_taken_away_again(script: Script) -> None:
    script.answer(BUCKET_IS_THERE, OK, (200, "4"), (204, ""))
    with pytest.raises(Unavailable):
        put(script)
    assert script.asked == ["HEAD", "PUT", "HEAD", "DELETE"]


def test_a_conflict_of_two_writers_is_tried_again(script: Script) -> None:
    script.answer(BUCKET_IS_THERE, (409, "ConditionalRequestConflict"), NOT_THERE, OK, THERE)
    assert put(script) == hashlib.sha256(b"bytes").hexdigest()


def test_what_cannot_be_read_again_is_not_sent_again(script: Script) -> None:
    script.answer(BUCKET_IS_THERE, (409, "ConditionalRequestConflict"), NOT_THERE)
    with pytest.raises(Unavailable):
        put(script, seekable=False)
    assert script.asked == ["HEAD", "PUT", "HEAD"]


def test_a_bucket_that_is_absent_is_made_once(script: Script) -> None:
    script.answer((404, ""), OK, OK, THERE, OK, THERE)
    put(script)
    put(script)
    assert script.asked == ["HEAD", "PUT", "PUT", "HEAD", "PUT", "HEAD"]


def test_a_bucket_that_somebody_else_just_made_is_taken(script: Script) -> None:
    script.answer((404, ""), (409, "BucketAlreadyOwnedByYou"), OK, THERE)
    put(script)


def test_a_bucket_that_was_removed_is_made_again(script: Script) -> None:
    script.answer(BUCKET_IS_THERE, OK, THERE)
    put(script)
    script.answer((404, "NoSuchBucket"), NOT_THERE, (404, ""), OK, OK, THERE)
    put(script)


CALLS: list[Callable[[S3Objects], object]] = [
    lambda objects: objects.read(KEY),
    lambda objects: objects.size(KEY),
    lambda objects: objects.delete(KEY),
    lambda objects: list(objects.listing()),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer", [(500, "InternalError"), (403, "AccessDenied"), (500, ""), (418, "")]
)
def test_a_failing_store_is_an_outage_to_every_call(
    script: Script, call: Callable[[S3Objects], object], answer: tuple[int, str]
) -> None:
    script.answer(answer)
    with pytest.raises(Unavailable):
        call(script.objects)


def test_what_may_be_repeated_is_repeated_once_and_soon(script: Script) -> None:
    begin = time.monotonic()
    script.answer((503, "SlowDown"), THERE)
    assert script.objects.size(KEY) == 5
    script.answer((503, "SlowDown"), (503, "SlowDown"), THERE)
    with pytest.raises(Unavailable):
        script.objects.size(KEY)
    assert time.monotonic() - begin < 2
    assert len(script.asked) == 4


def test_a_missing_bucket_has_no_objects(script: Script) -> None:
    script.answer((404, "NoSuchBucket"))
    assert list(script.objects.listing()) == []
    script.answer((404, "NoSuchBucket"))
    with pytest.raises(ObjectMissing):
        script.objects.read(KEY)
    script.answer((404, "NoSuchBucket"))
    script.objects.delete(KEY)


def test_an_object_that_ends_early_is_an_outage_and_not_a_short_object(script: Script) -> None:
    script.answer((200, "1000000"))
    script.hang_up_after = 1000
    with pytest.raises(Unavailable):
        list(script.objects.read(KEY))


PART = 5 << 20


@pytest.fixture
def in_parts(minio: MinioServer) -> S3Objects:
    return minio.objects("sage-parts", single_put_bytes=PART)


@pytest.fixture
def client(minio: MinioServer) -> Minio:
    return Minio(minio.endpoint, minio.access_key, minio.secret_key, secure=False)


def new_key() -> str:
    return f"o/parts/{uuid.uuid4()}"


def unfinished(client: Minio) -> int:
    found = client._list_multipart_uploads("sage-parts")
    return len(found.uploads)


@pytest.mark.server("minio")
@pytest.mark.parametrize("size", [PART, PART + 1, 2 * PART, 2 * PART + 12_345])
def test_what_is_too_long_for_one_request_goes_in_parts(
    in_parts: S3Objects, client: Minio, size: int
) -> None:
    key, data = new_key(), random.randbytes(size)
    stored = in_parts.put(key, io.BytesIO(data), size)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert b"".join(in_parts.read(key)) == data
    in_many = "-" in cast(str, client.stat_object("sage-parts", key).etag)
    assert in_many is (size > PART)


@pytest.mark.server("minio")
def test_parts_for_a_taken_key_are_refused_and_taken_away(
    in_parts: S3Objects, client: Minio
) -> None:
    key = new_key()
    in_parts.put(key, io.BytesIO(b"first"), 5)
    with pytest.raises(KeyTaken):
        in_parts.put(key, io.BytesIO(bytes(2 * PART)), 2 * PART)
    assert b"".join(in_parts.read(key)) == b"first"
    assert unfinished(client) == 0


@pytest.mark.server("minio")
@pytest.mark.parametrize(
    "arrived", [1, PART - 1, PART, PART + 1, 2 * PART - 1, 2 * PART + 1, 3 * PART]
)
def test_parts_of_another_length_than_announced_are_taken_away(
    in_parts: S3Objects, client: Minio, arrived: int
) -> None:
    key = new_key()
    in_parts.put(new_key(), io.BytesIO(b""), 0)
    with pytest.raises(CutShort):
        in_parts.put(key, io.BytesIO(bytes(arrived)), 2 * PART)
    with pytest.raises(ObjectMissing):
        in_parts.size(key)
    assert unfinished(client) == 0


@pytest.mark.server("minio")
def test_parts_whose_source_breaks_are_taken_away(in_parts: S3Objects, client: Minio) -> None:
    key = new_key()
    with pytest.raises(ConnectionResetError):
        in_parts.put(key, from_network(bytes(PART + 5), ConnectionResetError()), 2 * PART)
    with pytest.raises(ObjectMissing):
        in_parts.size(key)
    assert unfinished(client) == 0


@pytest.mark.server("minio")
def test_the_store_itself_compares_the_checksum(minio: MinioServer, client: Minio) -> None:
    objects, key = minio.objects("sage-parts"), new_key()
    objects.put(key, io.BytesIO(b"bytes"), 5)
    told = client.stat_object(
        "sage-parts", key, extra_headers={"x-amz-checksum-mode": "ENABLED"}
    ).metadata
    assert told is not None
    assert told["x-amz-checksum-sha256"] == "J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk="
