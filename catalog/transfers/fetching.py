"""Fetching the files of an item: listed in pages, taken up where they broke off, checked, named."""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Final
from urllib.parse import quote

import urllib3

from catalog.connection import Connection, NoAnswer, close, loaded, read_through
from catalog.domain.errors import CatalogError, Unavailable
from catalog.transfers.reading import Hashing, Moved, Stopped, feed
from catalog.transfers.retrying import TRIES, pause, retried

_CHUNK_BYTES = 1 << 16
"""Small enough to be hashed while it is still in the cache of the processor."""

_STRAIGHT_FROM_BYTES: Final = 8 << 20
_LONGEST_NAME_BYTES: Final = 250
_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/\d{1,19}")


def listed(
    connection: Connection, item_id: str, prefix: str = "", *, tries: int = TRIES
) -> Iterator[dict[str, Any]]:
    """Go through the files of an item whose names begin with `prefix`, by name, page by page."""
    asked = [f"prefix={quote(prefix, safe='')}"] if prefix else []
    cursor: str | None = None
    while True:
        more = [*asked, f"cursor={quote(cursor, safe='')}"] if cursor else asked
        path = f"items/{quote(item_id, safe='')}/files" + ("?" + "&".join(more) if more else "")
        # Only who was there once is waited for.
        page = _page(connection, path, tries if cursor else 1)
        for file in page["files"]:
            if file["name"].startswith(prefix):  # the server does not tell cases apart
                yield file
        cursor = page["next"]
        if cursor is None:
            return


def _page(connection: Connection, path: str, tries: int) -> dict[str, Any]:
    said = loaded(retried(lambda: connection.send("GET", path), tries=tries, stop=Event()))
    files = said.get("files")
    if not isinstance(files, list) or not all(map(_is_file, files)) or "next" not in said:
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return said


def _is_file(said: Any) -> bool:
    return (
        isinstance(said, dict)
        and isinstance(said.get("name"), str)
        and isinstance(said.get("sha256"), str)
        and type(said.get("size_bytes")) is int
    )


def fetch_file(
    connection: Connection,
    item_id: str,
    file: Mapping[str, Any],
    target: Path,
    *,
    moved: Moved | None = None,
    resume: bool = False,
    stop: Event | None = None,
    tries: int = TRIES,
) -> None:
    """Fetch a file, check its SHA-256, and only then give it its name.

    file    as `listed` yields it
    resume  whether to go on with what an earlier call left in `{target}.part`

    Where it breaks off it is taken up again; for good, `{target}.part` stays. Raises Refused,
    Unavailable, Stopped, and OSError where it cannot be written.
    """
    draft = draft_of(target)
    path = f"items/{quote(item_id, safe='')}/files/{quote(file['name'], safe='/')}"
    fetch = _Fetch(connection, path, file, moved, stop or Event())
    try:
        _fill(fetch, draft, tries, resume=resume)
    except CatalogError as fault:
        if not (fetch.done and isinstance(fault, NoAnswer | Stopped)):
            draft.unlink(missing_ok=True)  # nothing that could be gone on with
        raise
    finally:
        fetch.close()
    draft.replace(target)


def _fill(fetch: "_Fetch", draft: Path, tries: int, *, resume: bool) -> None:
    with draft.open("r+b" if resume and draft.is_file() else "w+b") as out:
        fetch.take_up(draft, out)
        fetch.fill(tries)
        if not (fetch.is_whole() or (fetch.was_taken_up and fetch.anew(tries))):
            raise Unavailable(f"{fetch.name} arrived damaged; fetch it again.")


def draft_of(target: Path) -> Path:
    """Return where a file is written until it is whole, in the folder where it is going to be."""
    if len(os.fsencode(target.name)) <= _LONGEST_NAME_BYTES:
        return target.with_name(target.name + ".part")
    return target.with_name(hashlib.sha256(os.fsencode(target.name)).hexdigest() + ".part")


class _Fetch:
    """One file on its way, and how far it is."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        file: Mapping[str, Any],
        moved: Moved | None,
        stop: Event,
    ) -> None:
        self._connection = connection
        self._path = path
        self.name = str(file["name"])
        self._size_bytes = int(file["size_bytes"])
        self._sha256 = str(file["sha256"])
        self._out: BinaryIO
        self._moved = moved
        self._stop = stop
        self._digest = Hashing(self._size_bytes)
        self._straight = self._size_bytes >= _STRAIGHT_FROM_BYTES
        self.done = 0
        self.was_taken_up = False

    def take_up(self, draft: Path, out: BinaryIO) -> None:
        """Go on behind what is there, which is hashed first; not where that is too much."""
        self._out = out
        if draft.stat().st_size > self._size_bytes:
            self._begin()
            return
        self.done = feed(self._digest, draft, stop=self._stop)
        self._out.seek(self.done)
        self.was_taken_up = self.done > 0

    def fill(self, tries: int) -> None:
        """Fetch what is missing; who breaks off after some bytes more is asked once more."""
        failed, reached = 0, self.done
        while True:
            try:
                self._fetch()
            except NoAnswer as fault:
                if self._straight and not fault.is_there:
                    self._straight = False  # a store that only the server can reach
                    continue
                failed = failed + 1 if self.done <= reached else 1
                if failed >= tries:
                    raise
                reached = self.done
                self._out.flush()
                pause(fault, failed, self._stop)
            else:
                self._out.flush()
                return

    def is_whole(self) -> bool:
        """Tell whether the bytes are those that the listing told of."""
        return self.done == self._size_bytes and self._digest.hexdigest() == self._sha256

    def anew(self, tries: int) -> bool:
        """Fetch all of it once more, since what was there was of something else."""
        self._begin()
        self.fill(tries)
        return self.is_whole()

    def close(self) -> None:
        """End what computes the digest."""
        self._digest.close()

    def _begin(self) -> None:
        self._out.seek(0)
        self._out.truncate()
        self.close()
        self._digest = Hashing(self._size_bytes)
        self.done = 0

    def _fetch(self) -> None:
        if self.done == self._size_bytes and self.done:
            return
        answer = self._answer()
        with read_through(answer, self._connection.url):
            if answer.status != 206:
                self._begin()
            elif not self._goes_on(answer):
                raise Unavailable(f"The server answers with another range of {self.name}.")
            self._check_length(answer)
            for chunk in answer.stream(_CHUNK_BYTES, decode_content=False):
                self._take(chunk)
            if self.done < self._size_bytes:
                raise NoAnswer(f"{self._connection.url} broke off.")

    def _answer(self) -> urllib3.BaseHTTPResponse:
        rest = {"Range": f"bytes={self.done}-"} if self.done else {}
        headers = {"Accept": "*/*", **rest}
        if rest:
            headers["If-Range"] = f'"{self._sha256}"'
        if self._straight:
            headers["Prefer"] = "redirect"
        answer = self._connection.send(
            "GET", self._path, headers=headers, preload=False, points=True
        )
        self._check_same(answer)
        if answer.status != 307:
            return answer
        close(answer)
        return self._connection.send_elsewhere(
            "GET", answer.headers.get("Location", ""), headers=rest, preload=False
        )

    def _check_same(self, answer: urllib3.BaseHTTPResponse) -> None:
        said = answer.headers.get("ETag")
        if said is not None and said != f'"{self._sha256}"':
            close(answer)
            raise Unavailable(f"{self.name} was replaced meanwhile; fetch it again.")

    def _goes_on(self, answer: urllib3.BaseHTTPResponse) -> bool:
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        return found is not None and int(found[1]) == self.done

    def _check_length(self, answer: urllib3.BaseHTTPResponse) -> None:
        said, due = answer.headers.get("Content-Length"), self._size_bytes - self.done
        if said is not None and said != str(due):
            raise Unavailable(f"The server has {said} bytes of {self.name} where {due} are due.")

    def _take(self, chunk: bytes) -> None:
        if self._stop.is_set():
            raise Stopped
        if self.done + len(chunk) > self._size_bytes:
            raise Unavailable(f"The server sends more of {self.name} than there is.")
        self._out.write(chunk)
        self._digest.update(chunk)
        self.done += len(chunk)
        if self._moved is not None:
            self._moved(self.done)


def safe_path(name: str) -> Path:
    """Return a file's name as a path that stays in the folder it is put into.

    A server is not trusted with where files are written: raises Unavailable for any other name.
    """
    steps = name.split("/")
    leads_out = any(step in {"", ".", ".."} for step in steps)
    if os.name == "nt":
        leads_out = leads_out or "\\" in name or ":" in name
    if leads_out or any(unicodedata.category(sign) == "Cc" for sign in name):
        raise Unavailable(f"The server offers a file called {name!r}, which is not fetched.")
    return Path(*steps)
