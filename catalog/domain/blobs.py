"""Sensor blobs as Sage's object store names them: by job, task, node, time and file name."""

import json
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog.domain.description import is_literal, literal, statements_of
from catalog.domain.errors import Unreadable
from catalog.domain.identifiers import SAGE

ROUTE: Final = "/api/v1/data/"
"""What stands before the path of a blob in its address."""

LONGEST_PATH: Final = 1024

_KEY: Final = f"<{SAGE}storageKey>"
_DOWNLOAD: Final = "<http://www.w3.org/ns/dcat#downloadURL>"
_SIZE: Final = "<http://www.w3.org/ns/dcat#byteSize>"
_ROOT: Final = "node-data/"
_LARGEST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class BlobPath:
    """Where a blob is in Sage's object store.

    file_name  nanoseconds since 1970, a dash, and the name that the file had on the node
    """

    job: str
    task: str
    node: str
    file_name: str

    def __str__(self) -> str:
        return f"{self.job}/{self.task}/{self.node}/{self.file_name}"

    @property
    def original_name(self) -> str:
        """The name that the file had on the node."""
        return self.file_name.partition("-")[2]


def blob_path(text: str) -> BlobPath:
    """Return the path that an address names; Unreadable, in the store's own words, for none."""
    pieces = text.split("/", 3)
    if len(pieces) != 4:
        raise Unreadable(f"invalid path: {json.dumps(text, ensure_ascii=False)}")
    for name, piece in zip(("job", "task", "node", "filename"), pieces, strict=True):
        if not piece:
            raise Unreadable(f"{name} must be nonempty")
    _check_time(pieces[3])
    return BlobPath(*pieces)


def _check_time(file_name: str) -> None:
    failed = "failed to extract timestamp from filename"
    time, dash, _ = file_name.partition("-")
    if not dash:
        raise Unreadable(f"{failed}: missing dash separator in filename")
    parsing = f"{failed}: strconv.ParseInt: parsing {json.dumps(time, ensure_ascii=False)}"
    if not re.fullmatch(r"\+?[0-9]+", time, re.ASCII):
        raise Unreadable(f"{parsing}: invalid syntax")
    if len(time) > len(str(_LARGEST)) + 1 or int(time) > _LARGEST:
        raise Unreadable(f"{parsing}: value out of range")


def paths_in(ntriples: str) -> frozenset[str]:
    """Return the paths of blobs that a description names, by storage key or by address."""
    found = set()
    for _, predicate, value in statements_of(ntriples):
        if predicate == _KEY and is_literal(value):
            found.add(literal(value).text.removeprefix(_ROOT))
        elif predicate == _DOWNLOAD and (path := path_of_address(value[1:-1])):
            found.add(path)
    return frozenset(path for path in found if _is_path(path))


def _is_path(text: str) -> bool:
    if len(text) > LONGEST_PATH:
        return False
    try:
        blob_path(text)
    except Unreadable:
        return False
    return True


def path_of_address(address: str) -> str | None:
    """Return the path of the blob that an address of an object store leads to; None for others."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    return unquote(path.removeprefix(ROUTE)) if path.startswith(ROUTE) else None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A blob that lies elsewhere; `size_bytes` is None where the description says nothing of it."""

    address: str
    size_bytes: int | None


def elsewhere(ntriples: str, path: str) -> Elsewhere | None:
    """Return where a description says that a blob lies, None where it says nothing."""
    addresses, sizes = {}, {}
    for subject, predicate, value in statements_of(ntriples):
        if predicate == _DOWNLOAD and path_of_address(value[1:-1]) == path:
            addresses[subject] = value[1:-1]
        elif predicate == _SIZE and is_literal(value) and literal(value).text.isdecimal():
            sizes[subject] = int(literal(value).text)
    for subject, address in addresses.items():
        return Elsewhere(address, sizes.get(subject))
    return None
