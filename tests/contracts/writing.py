"""What crash tests write: every key has only one body that may ever stand under it."""

import hashlib
import io
import random
import uuid
from collections.abc import Callable
from typing import BinaryIO, cast

from catalog.ports import ObjectStore


def new_key() -> str:
    return f"o/{uuid.uuid4().hex[:10]}/{uuid.uuid4()}"


def body_of(key: str) -> bytes:
    """Return the body that belongs to `key`: from 1 byte to 1.5 MiB."""
    seed = random.Random(key)
    return seed.randbytes(int(1.5 * 2 ** (20 * seed.random())))


def put(objects: ObjectStore, key: str) -> None:
    body = body_of(key)
    objects.put(key, io.BytesIO(body), len(body))


def assert_whole(objects: ObjectStore, key: str) -> None:
    digest = hashlib.sha256()
    for chunk in objects.read(key):
        digest.update(chunk)
    assert digest.digest() == hashlib.sha256(body_of(key)).digest()


class Interrupted:
    """A source that does something to the world when half of it was read."""

    def __init__(self, size_bytes: int, do: Callable[[], object]) -> None:
        self._size_bytes = self._left = size_bytes
        self._do = do

    def read(self, size: int = -1) -> bytes:
        if self._left == self._size_bytes // 2:
            self._do()
        chunk = bytes(min(size, self._left, self._size_bytes // 2))
        self._left -= len(chunk)
        return chunk


def interrupted(size_bytes: int, do: Callable[[], object]) -> BinaryIO:
    return cast(BinaryIO, Interrupted(size_bytes, do))
