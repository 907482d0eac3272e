"""Sending a file to a draft: in one request, or in parts that are tried again and go on later."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import quote

import urllib3

from catalog.connection import Connection, NoAnswer, Refused, loaded
from catalog.domain.errors import Unavailable
from catalog.transfers.parallel import LinkedEvent, in_parallel
from catalog.transfers.reading import Changed, Hashing, Moved, Stretch, Tally, sha256_of, state_of
from catalog.transfers.remembering import Memory, Remembered
from catalog.transfers.retrying import TRIES, retried

PARTS_FROM_BYTES: Final = 2 << 30
"""From here on a file goes in parts at once; a smaller one is there sooner in one request."""

WORTHWHILE_BYTES: Final = 64 << 20
"""From here on one goes in parts after a break, so that what has arrived is not sent again."""

CONNECTIONS: Final = 4

_ROUNDS = 3
_STALE = frozenset({400, 403})
_LEAST_CHECKING_SECONDS = 900.0
_SLOWEST_BYTES_A_SECOND = 5_000_000
_JSON = {"Content-Type": "application/json"}


class Sending(TypedDict, total=False):
    """How a file is sent.

    resume       whether parts that arrived earlier are left there, and a digest that `memory` has
                 is taken for that of a file whose size and time are the same
    parts_from   the size in bytes from which on a file goes in parts; smaller ones do after a
                 break, from 64 MiB on
    connections  how many parts are on their way at once
    tries        how often what breaks is tried
    there        what the server has under that name, as its list says it: returned as it is, and
                 nothing sent, where its bytes are those of the file
    memory       where it is remembered what is under way
    stop         set by somebody else to end it
    told         given sentences about what goes on
    """

    resume: bool
    parts_from: int
    connections: int
    tries: int
    there: Mapping[str, Any] | None
    memory: Memory | None
    stop: Event | None
    told: Callable[[str], None] | None


def send_file(
    connection: Connection,
    item_id: str,
    name: str,
    file: Path,
    *,
    media_type: str | None = None,
    moved: Moved | None = None,
    **how: Unpack[Sending],
) -> dict[str, Any]:
    """Keep a file of a draft under `name`, and return what the server says of it.

    Raises Refused, Unavailable, Changed where somebody writes the file meanwhile, Stopped, and
    OSError where it cannot be read.
    """
    job = _Job(connection, item_id, name, file, media_type, Tally(moved), how)
    size_bytes = state_of(file).size_bytes
    parts_from = how.get("parts_from", PARTS_FROM_BYTES)
    worthwhile = min(parts_from, WORTHWHILE_BYTES)
    if size_bytes >= (worthwhile if how.get("resume") else parts_from):
        return job.in_parts()
    if size_bytes < worthwhile:
        return job.whole()
    try:
        return job.at_once()
    except NoAnswer as fault:
        job.tell_broken(fault)
        return job.in_parts()


@dataclass(frozen=True, slots=True)
class _Part:
    n: int
    start: int
    size_bytes: int
    url: str
    has_arrived: bool


class _Job:
    """One file on its way."""

    def __init__(
        self,
        connection: Connection,
        item_id: str,
        name: str,
        file: Path,
        media_type: str | None,
        tally: Tally,
        how: Sending,
    ) -> None:
        self._connection = connection
        self._item = f"items/{quote(item_id, safe='')}"
        self._item_id = item_id
        self._name = name
        self._file = file
        self._state = state_of(file)
        self._media_type = media_type
        self._tally = tally
        self._resumes = how.get("resume", False)
        self._connections = how.get("connections", CONNECTIONS)
        self._tries = how.get("tries", TRIES)
        self._there = how.get("there")
        self._memory = how.get("memory")
        self._stop = LinkedEvent(how.get("stop"))
        self._told = how.get("told") or (lambda _sentence: None)

    def whole(self) -> dict[str, Any]:
        """Send the file in one request, with its digest announced."""
        sha256 = sha256_of(self._file, stop=self._stop)
        if (there := self._same(sha256)) is not None:
            return there
        headers = {"X-Checksum-Sha256": sha256}
        return loaded(retried(lambda: self._put_whole(headers), tries=self._tries, stop=self._stop))

    def at_once(self) -> dict[str, Any]:
        """Send a large file in one request, once; its digest is computed meanwhile and compared.

        Computing it first would take a fifth of the time. What arrived otherwise is replaced, by a
        request that announces what it has to be.
        """
        there = self._there
        if there is not None and there.get("size_bytes") == self._state.size_bytes:
            return self.whole()  # it may be the same, which only its digest tells
        hashing = Hashing(self._state.size_bytes)
        try:
            kept = loaded(self._put_whole({}, hashing))
        finally:
            hashing.close()
        self._check_unchanged()
        if kept.get("sha256") == hashing.hexdigest():
            return kept
        self._told(f"{self._name} arrived damaged and is sent again.")
        self._tally.add(-self._state.size_bytes)
        return self.whole()

    def tell_broken(self, fault: NoAnswer) -> None:
        """Say that it goes on otherwise."""
        self._told(f"{fault.detail} {self._name} goes in parts now.")

    def _put_whole(
        self, headers: Mapping[str, str], hashing: Hashing | None = None
    ) -> urllib3.BaseHTTPResponse:
        said = {"Content-Length": str(self._state.size_bytes), **headers}
        if self._media_type is not None:  # without one the server goes by the name
            said["Content-Type"] = self._media_type
        path = f"{self._item}/files/{quote(self._name, safe='/')}"
        with self._stretch(0, self._state.size_bytes, hashing) as body:
            return self._connection.send("PUT", path, body, said)

    def in_parts(self) -> dict[str, Any]:
        """Send the file in parts, those that are not there, and have it checked and kept."""
        known = self._known()
        if (there := self._same(known.sha256)) is not None:
            self._forget()
            return there
        try:
            return self._earlier(known) or self._sent_in_parts(known)
        except Refused as fault:
            if fault.kind == "checksum-mismatch":
                self._forget()
            raise

    def _same(self, sha256: str) -> dict[str, Any] | None:
        """Return what is there already where that has the bytes of the file."""
        there = self._there
        if there is None or (there.get("sha256"), there.get("size_bytes")) != (
            sha256,
            self._state.size_bytes,
        ):
            return None
        self._tally.add(self._state.size_bytes)
        return dict(there)

    def _known(self) -> Remembered:
        """Return what is known of the file; its digest is only computed where it has to be."""
        found = self._recalled()
        if found is not None and found.is_of(self._file, self._state):
            if self._resumes:
                return found
            found = replace(found, sha256=sha256_of(self._file, stop=self._stop))
        else:
            self._give_up(found)
            found = Remembered(
                server=self._connection.url,
                item=self._item_id,
                name=self._name,
                file=str(self._file.resolve()),
                size_bytes=self._state.size_bytes,
                mtime_ns=self._state.mtime_ns,
                sha256=sha256_of(self._file, stop=self._stop),
            )
        self._check_unchanged()
        self._keep(found)
        return found

    def _recalled(self) -> Remembered | None:
        if self._memory is None:
            return None
        return self._memory.recall(self._connection.url, self._item_id, self._name)

    def _give_up(self, old: Remembered | None) -> None:
        """Abandon what was begun of a file that has changed since; it is of no use any more."""
        if old is None or old.upload is None or old.file != str(self._file.resolve()):
            return
        try:
            self._connection.send("DELETE", self._upload_path(old.upload))
        except (Refused, Unavailable):
            return  # it is over already, or goes by itself after some days
        self._told(f"{self._name} has changed since its upload began; it begins anew.")

    def _keep(self, one: Remembered) -> None:
        if self._memory is not None:
            self._memory.keep(one)

    def _forget(self) -> None:
        if self._memory is not None:
            self._memory.forget(self._connection.url, self._item_id, self._name)

    def _earlier(self, known: Remembered) -> dict[str, Any] | None:
        """Return the file where all parts went over earlier, and only the answer was missed."""
        if not self._resumes or known.upload is None:
            return None
        try:
            said = self._looked_at(known.upload)
        except Refused:
            return None  # abandoned meanwhile
        if said.get("state") not in {"checking", "kept"}:
            return None
        self._tally.add(known.size_bytes)
        return self._end(self._awaited(known.upload))

    def _sent_in_parts(self, known: Remembered) -> dict[str, Any]:
        upload = self._begun(known)
        leaves = self._resumes
        for _ in range(_ROUNDS):
            self._send_parts(upload, leaves=leaves)
            self._check_unchanged()
            try:
                return self._end(self._completed(_id_of(upload)))
            except Refused as fault:
                # Parts that the server lacks after all, such as after a crash, are sent again.
                if not {"missing", "wrong"} & set(fault.evidence):
                    raise
                left = fault
            leaves = True
            upload = self._looked_at(_id_of(upload))
        raise left

    def _begun(self, known: Remembered) -> dict[str, Any]:
        said = {"name": self._name, "size_bytes": known.size_bytes, "sha256": known.sha256}
        if self._media_type is not None:
            said["media_type"] = self._media_type
        body = json.dumps(said).encode()
        upload = loaded(self._asked("POST", f"{self._item}/uploads", body, _JSON))
        self._keep(replace(known, upload=_id_of(upload)))
        if arrived := upload.get("parts_arrived"):
            self._tell_arrived(arrived, upload.get("parts_total"))
        return upload

    def _tell_arrived(self, arrived: object, total: object) -> None:
        there = f"{arrived} of {total} parts of {self._name} arrived earlier"
        others = "only the others are sent." if self._resumes else "--resume sends only the others."
        self._told(f"{there}; {others}")

    def _send_parts(self, upload: Mapping[str, Any], *, leaves: bool) -> None:
        """Send the parts, several at once; with `leaves` only those that have not arrived."""
        wanted = (
            part
            for part in self._parts(upload)
            if not (leaves and part.has_arrived and self._counted(part))
        )
        upload_id = _id_of(upload)

        def sent(part: _Part) -> None:
            self._send_part(upload_id, part)

        for done in in_parallel(sent, wanted, threads=self._connections, stop=self._stop):
            done.result()

    def _counted(self, part: _Part) -> bool:
        self._tally.add(part.size_bytes)
        return True

    def _parts(self, upload: Mapping[str, Any]) -> Iterator[_Part]:
        """Go through the parts of an upload, a page after the other."""
        page: Mapping[str, Any] = upload
        while True:
            found = [self._part(one, upload) for one in _list_of(page, "parts")]
            yield from found
            if page.get("next") is None or not found:
                return
            page = self._looked_at(_id_of(upload), after=found[-1].n)

    def _part(self, said: Mapping[str, Any], upload: Mapping[str, Any]) -> _Part:
        """Return a part as the server lists it; Unavailable where that cannot be."""
        try:
            n, size_bytes, each = said["n"], said["size_bytes"], upload["part_size_bytes"]
            part = _Part(n, (n - 1) * each, size_bytes, str(said["url"]), said["arrived"] is True)
            fits = n >= 1 and 0 < size_bytes <= each
        except (KeyError, TypeError):
            fits = False
        if not fits or part.start + part.size_bytes > self._state.size_bytes:
            raise Unavailable("The server lists parts that this file does not have.")
        return part

    def _send_part(self, upload_id: str, part: _Part) -> None:
        """Send one part to where it goes, to a fresh address where the first has run out."""
        current = part

        def sent() -> None:
            nonlocal current
            try:
                self._put(upload_id, current)
            except Refused as fault:
                if fault.kind != "store" or fault.answered not in _STALE:
                    raise
                current = self._fresh(upload_id, current)
                raise NoAnswer(fault.detail) from None

        retried(sent, tries=self._tries, stop=self._stop)

    def _put(self, upload_id: str, part: _Part) -> None:
        headers = {
            "Content-Length": str(part.size_bytes),
            "Content-Type": "application/octet-stream",
        }
        own = f"{self._upload_path(upload_id)}/parts/{part.n}"
        if not part.url.endswith("/" + own):
            try:
                with self._stretch(part.start, part.size_bytes) as body:
                    self._connection.send_elsewhere("PUT", part.url, body, headers)
            except NoAnswer as fault:
                if fault.is_there:
                    raise
                # A store that only the server can reach: the bytes go through that instead.
            else:
                return
        with self._stretch(part.start, part.size_bytes) as body:
            loaded(self._connection.send("PUT", own, body, headers))

    def _fresh(self, upload_id: str, part: _Part) -> _Part:
        said = self._looked_at(upload_id, after=part.n - 1)
        listed = _list_of(said, "parts")
        return self._part(listed[0], said) if listed else part

    def _completed(self, upload_id: str) -> dict[str, Any]:
        answer = self._asked("POST", f"{self._upload_path(upload_id)}/completion", b"")
        return loaded(answer) if answer.status == 200 else self._awaited(upload_id)

    def _awaited(self, upload_id: str) -> dict[str, Any]:
        """Return the file when the server has read and kept it."""
        self._told(f"{self._name} is there; the server checks it.")
        allowed = _LEAST_CHECKING_SECONDS + self._state.size_bytes / _SLOWEST_BYTES_A_SECOND
        ends = time.monotonic() + allowed
        while time.monotonic() < ends:
            answer = self._asked("GET", self._upload_path(upload_id))
            said = loaded(answer)
            if said.get("state") == "kept":
                return dict(said["file"])
            if said.get("state") == "refused":
                problem = said.get("problem") or {}
                raise Refused(int(problem.get("status", 422)), problem)
            if said.get("state") == "open":  # what went wrong was not the file's fault
                self._asked("POST", f"{self._upload_path(upload_id)}/completion", b"")
            self._stop.wait(min(float(answer.headers.get("Retry-After") or 2), 30.0))
        raise Unavailable(f"{self._name} is still being checked; look again later with --resume.")

    def _end(self, kept: dict[str, Any]) -> dict[str, Any]:
        self._forget()
        return kept

    def _looked_at(self, upload_id: str, *, after: int = 0) -> dict[str, Any]:
        more = f"?after={after}" if after else ""
        return loaded(self._asked("GET", self._upload_path(upload_id) + more))

    def _asked(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        return retried(
            lambda: self._connection.send(method, path, body, headers),
            tries=self._tries,
            stop=self._stop,
        )

    def _upload_path(self, upload_id: str) -> str:
        return f"{self._item}/uploads/{quote(upload_id, safe='')}"

    def _stretch(self, start: int, size_bytes: int, hashing: Hashing | None = None) -> Stretch:
        return Stretch(self._file, start, size_bytes, self._tally, self._stop, hashing)

    def _check_unchanged(self) -> None:
        if state_of(self._file) != self._state:
            raise Changed(self._file)


def _id_of(upload: Mapping[str, Any]) -> str:
    found = upload.get("id")
    if not isinstance(found, str) or not found:
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return found


def _list_of(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = said.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return found
