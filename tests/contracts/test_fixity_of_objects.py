"""Damage is found in every object store: files, SeaweedFS and MinIO."""

import hashlib
import io
import random
import uuid

import pytest

from catalog.adapters.objects_files import FileObjects
from catalog.domain.fixity import Soundness
from catalog.ports import ObjectStore
from catalog.services.fixity import Kept, look
from tests.servers import S3Server

STORES = [
    "files",
    pytest.param("weed", marks=pytest.mark.server("weed")),
    pytest.param("minio", marks=pytest.mark.server("minio")),
]


@pytest.fixture(scope="module", params=STORES)
def objects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ObjectStore:
    if request.param == "files":
        return FileObjects(tmp_path_factory.mktemp("objects"))
    server: S3Server = request.getfixturevalue(request.param)
    return server.objects("sage-fixity")


def kept(objects: ObjectStore, content: bytes) -> Kept:
    key = f"o/{uuid.uuid4().hex[:10]}/{uuid.uuid4().hex}"
    stored = objects.put(key, io.BytesIO(content), len(content))
    return Kept(key, stored.size_bytes, stored.sha256)


def replaced(objects: ObjectStore, one: Kept, content: bytes) -> None:
    """Put other bytes in the place of an object, behind the back of the record."""
    objects.delete(one.key)
    objects.put(one.key, io.BytesIO(content), len(content))


def test_every_kind_of_damage_is_found_and_nothing_else(objects: ObjectStore) -> None:
    draw = random.Random(11)
    contents = [draw.randbytes(size) for size in (1, 100, 5_000, 300_000, 2_000_000, 7, 8)]
    flipped, cut, lost, longer, sound, left, right = (kept(objects, one) for one in contents)
    replaced(objects, flipped, bytes([contents[0][0] ^ 1]))
    replaced(objects, cut, contents[1][:-1])
    objects.delete(lost.key)
    replaced(objects, longer, contents[3] + b"x")
    replaced(objects, left, contents[6])
    replaced(objects, right, contents[5])
    found = [look(objects, one) for one in (flipped, cut, lost, longer, sound, left, right)]
    assert found == [
        Soundness.WRONG_HASH,
        Soundness.WRONG_SIZE,
        Soundness.MISSING,
        Soundness.WRONG_SIZE,
        Soundness.OK,
        Soundness.WRONG_SIZE,
        Soundness.WRONG_SIZE,
    ]


def test_two_objects_of_one_size_that_changed_places_are_found_by_their_bytes(
    objects: ObjectStore,
) -> None:
    one, other = kept(objects, b"the first"), kept(objects, b"the other")
    replaced(objects, one, b"the other")
    replaced(objects, other, b"the first")
    assert [look(objects, which, deep=False) for which in (one, other)] == [Soundness.OK] * 2
    assert [look(objects, which) for which in (one, other)] == [Soundness.WRONG_HASH] * 2


def test_what_is_read_is_counted_so_that_a_rate_can_be_kept(objects: ObjectStore) -> None:
    content = random.Random(3).randbytes(3_000_000)
    read: list[int] = []
    one = kept(objects, content)
    assert one.sha256 == hashlib.sha256(content).hexdigest()
    assert look(objects, one, read=read.append) is Soundness.OK
    assert sum(read) == len(content)
    assert len(read) > 1
