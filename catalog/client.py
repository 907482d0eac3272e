"""A client of a catalog: what its HTTP interface offers, as calls. Speaks HTTP only.

>>> from catalog.client import Client
>>> Client("http://127.0.0.1:8000").url
'http://127.0.0.1:8000/'
"""

import hashlib
import json
import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from catalog.domain.errors import CatalogError, Unavailable

_CHUNK = 1 << 20

Moved = Callable[[int], None]
"""Told how many bytes have gone over so far."""


class Refused(CatalogError):
    """The server said no; `detail` is its sentence and `evidence` the rest of the problem.

    answered  the HTTP status of the answer
    kind      the slug of the problem, such as "moved-on"
    """

    def __init__(self, answered: int, problem: Mapping[str, Any]) -> None:
        known = {"detail", "title", "status", "type", "instance"}
        evidence = {name: value for name, value in problem.items() if name not in known}
        super().__init__(str(problem.get("detail") or problem.get("title") or answered), **evidence)
        self.answered = answered
        self.kind = str(problem.get("type", "")).rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the server answers it, with the ETag that a change has to name."""

    said: Mapping[str, Any]
    etag: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.said["id"])


class Client:
    """One catalog, as one account.

    url    the address of the catalog
    token  the account's token; without one only what is public is seen

    Raises ValueError where one of the two cannot be what it should be. Every call raises Refused
    for what the server refuses, and Unavailable where it does not answer as a catalog does.
    """

    def __init__(self, url: str, token: str | None = None, *, seconds: float = 60.0) -> None:
        if not _is_address(url):
            raise ValueError(f"{url} is not the address of a catalog, such as http://host:8000")
        if token and not (token.isascii() and token.isprintable() and " " not in token):
            raise ValueError("A token has letters, digits and signs only")
        self.url = url.rstrip("/") + "/"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5.0, read=seconds), retries=False
        )

    def submit(
        self,
        source: bytes,
        media_type: str = "text/turtle",
        *,
        publish: bool = False,
        once: str | None = None,
    ) -> Item:
        """Keep a new item; published at once, or not kept, with `publish`.

        once  a word by which a repeated request is known: the same word, the same item
        """
        headers = {"Content-Type": media_type} | ({"Idempotency-Key": once} if once else {})
        path = "items?publish=true" if publish else "items"
        return self._item(self._send("POST", path, source, headers))

    def item(self, item_id: str) -> Item:
        """Return an item as the caller sees it."""
        return self._item(self._send("GET", f"items/{quote(item_id, safe='')}"))

    def exported(self, item_id: str, suffix: str) -> bytes:
        """Return an item in one of the formats of others, such as `datacite.json`."""
        path = f"items/{quote(item_id, safe='')}.{quote(suffix, safe='')}"
        return bytes(self._send("GET", path, headers={"Accept": "*/*"}).data)

    def revise(self, item: Item, source: bytes, media_type: str = "text/turtle") -> Item:
        """Replace the description of an item, unless somebody else did first."""
        headers = {"Content-Type": media_type, "If-Match": item.etag}
        return self._item(self._send("PUT", f"items/{item.id}", source, headers))

    def delete(self, item: Item) -> None:
        """Delete a draft."""
        self._send("DELETE", f"items/{item.id}", headers={"If-Match": item.etag})

    def publish(self, *items: Item, visibility: str = "public") -> dict[str, Any]:
        """Publish drafts, all or none; the answer has the state of each."""
        first, *others = items
        said = {
            "visibility": visibility,
            "with": [{"id": other.id, "etag": other.etag} for other in others],
        }
        return self._json("POST", f"items/{first.id}/publication", said, first.etag)

    def withdraw(
        self, item: Item, reason: str, *, note: str | None = None, replaced_by: str | None = None
    ) -> dict[str, Any]:
        """Withdraw what is published; its tombstone says why."""
        said = {"reason": reason, "note": note, "replaced_by": replaced_by}
        return self._json("POST", f"items/{item.id}/withdrawal", said, item.etag)

    def items(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Go through the items that the caller finds, changed last first."""
        cursor: str | None = None
        while True:
            asked = {"limit": "100"} | filters | ({"cursor": cursor} if cursor else {})
            page = _loaded(self._send("GET", f"items?{urlencode(asked)}"))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def validate(
        self, source: bytes, media_type: str = "text/turtle", *, level: str = "publication"
    ) -> dict[str, Any]:
        """Return the report on a description that is not kept."""
        answer = self._send(
            "POST", f"validate?level={quote(level)}", source, {"Content-Type": media_type}
        )
        return _loaded(answer)

    def query(self, text: str, accept: str = "application/sparql-results+json") -> bytes:
        """Return the answer to a SPARQL query, in the form asked for."""
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return bytes(self._send("POST", "sparql", text.encode(), headers).data)

    def upload(
        self,
        item_id: str,
        name: str,
        file: Path,
        *,
        media_type: str | None = None,
        moved: Moved | None = None,
    ) -> dict[str, Any]:
        """Keep a file of a draft; its SHA-256 is announced, so that what arrives is what was sent.

        The file is read twice: once for the digest, once to be sent.
        """
        headers = {
            "Content-Length": str(file.stat().st_size),
            "X-Checksum-Sha256": sha256_of(file),
        }
        if media_type is not None:  # without one the server goes by the name
            headers["Content-Type"] = media_type
        with file.open("rb") as opened:
            answer = self._send("PUT", _file_path(item_id, name), _Told(opened, moved), headers)
        return _loaded(answer)

    def files(self, item_id: str) -> Iterator[dict[str, Any]]:
        """Go through the files of an item, by name."""
        cursor: str | None = None
        while True:
            more = f"?cursor={quote(cursor)}" if cursor else ""
            page = _loaded(self._send("GET", f"items/{quote(item_id, safe='')}/files{more}"))
            yield from page["files"]
            cursor = page["next"]
            if cursor is None:
                return

    def download(
        self, item_id: str, file: Mapping[str, Any], target: Path, *, moved: Moved | None = None
    ) -> None:
        """Fetch a file, check its SHA-256, and only then give it its name.

        file  as `files` yields it
        """
        draft = target.with_name(target.name + ".part")
        try:
            self._fetch(item_id, file, draft, moved)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _fetch(
        self, item_id: str, file: Mapping[str, Any], draft: Path, moved: Moved | None
    ) -> None:
        digest = hashlib.sha256()
        done = 0
        with self._streamed(_file_path(item_id, file["name"])) as answer, draft.open("wb") as out:
            for chunk in answer.stream(_CHUNK):
                out.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if moved is not None:
                    moved(done)
        if digest.hexdigest() != file["sha256"]:
            raise Unavailable(f"{file['name']} arrived damaged; fetch it again.")

    def _item(self, answer: urllib3.BaseHTTPResponse) -> Item:
        return Item(_loaded(answer), answer.headers.get("ETag", ""))

    def _json(self, method: str, path: str, said: Any, etag: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "If-Match": etag}
        return _loaded(self._send(method, path, json.dumps(said).encode(), headers))

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        said = {"Accept": "application/json", **self._headers, **(headers or {})}
        try:
            answer = self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=said,
                preload_content=preload,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as fault:
            raise Unavailable(f"{self.url} does not answer: {_reason(fault)}") from None
        if answer.status >= 300:
            raise _refusal(answer)
        return answer

    @contextmanager
    def _streamed(self, path: str) -> Iterator[urllib3.BaseHTTPResponse]:
        answer = self._send("GET", path, preload=False, headers={"Accept": "*/*"})
        try:
            yield answer
        except urllib3.exceptions.HTTPError as fault:
            raise Unavailable(f"{self.url} broke off: {_reason(fault)}") from None
        finally:
            answer.release_conn()


class _Told:
    """A file whose reader is told how far it is; urllib3 sends it in blocks."""

    def __init__(self, file: BinaryIO, moved: Moved | None) -> None:
        self._file = file
        self._moved = moved

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        if self._moved is not None:
            self._moved(self._file.tell())
        return chunk


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


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return known and url.isascii() and url.isprintable() and " " not in url


def _loaded(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    said: Any = None
    with suppress(ValueError):
        said = json.loads(answer.data)
    if not isinstance(said, dict):
        raise Unavailable("The server answers, but not as a catalog does; is the address right?")
    return said


def _refusal(answer: urllib3.BaseHTTPResponse) -> CatalogError:
    if answer.status < 400:
        target = answer.headers.get("Location", "another address")
        return Unavailable(f"The server points to {target}; name that address.")
    problem: Any = None
    with suppress(ValueError):
        problem = json.loads(answer.data)
    if answer.status >= 500 or not isinstance(problem, dict):
        said = problem.get("detail") if isinstance(problem, dict) else None
        return Unavailable(str(said or f"The server answered {answer.status}."))
    return Refused(answer.status, problem)


def _reason(fault: Exception) -> str:
    reason = str(getattr(fault, "reason", None) or fault)
    return reason.rsplit("] ", 1)[-1].rsplit(": ", 1)[-1].strip(" .") + "."


def _file_path(item_id: str, name: str) -> str:
    return f"items/{quote(item_id, safe='')}/files/{quote(name, safe='/')}"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
