"""A client of a catalog: what its HTTP interface offers, as calls. Speaks HTTP only.

>>> from catalog.client import Client
>>> Client("http://127.0.0.1:8000").url
'http://127.0.0.1:8000/'
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Unpack
from urllib.parse import quote, urlencode

import urllib3

from catalog.connection import Connection, Refused, loaded, loaded_list
from catalog.transfers.fetching import fetch_file, listed, safe_path
from catalog.transfers.reading import Moved, sha256_of
from catalog.transfers.retrying import TRIES
from catalog.transfers.sending import Sending, send_file

__all__ = ["Client", "Item", "Moved", "Refused", "safe_path", "sha256_of"]


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
        self._connection = Connection(url, token, seconds=seconds)
        self.url = self._connection.url

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

    def publish(
        self,
        *items: Item,
        visibility: str = "public",
        until: datetime | str | None = None,
        publish_at: datetime | str | None = None,
    ) -> dict[str, Any]:
        """Publish drafts, all or none; the answer has the state of each.

        visibility  public, restricted, embargoed, shared or private
        until       when an embargo ends: a time with its zone, or text such as 2030-01-31
        publish_at  when what is shared or private becomes public by itself, likewise
        """
        first, *others = items
        said = {
            "visibility": visibility,
            "until": _moment(until),
            "publish_at": _moment(publish_at),
            "with": [{"id": other.id, "etag": other.etag} for other in others],
        }
        return self._json("POST", f"items/{first.id}/publication", said, first.etag)

    def show(
        self,
        item: Item,
        visibility: str,
        *,
        until: datetime | str | None = None,
        publish_at: datetime | str | None = None,
    ) -> dict[str, Any]:
        """Change who sees what is published, with the dates of `publish`; never to fewer people."""
        said = {
            "visibility": visibility,
            "until": _moment(until),
            "publish_at": _moment(publish_at),
        }
        path = f"items/{item.id}/v/{item.said['version']}/visibility"
        return self._json("PUT", path, said, item.etag)

    def withdraw(
        self, item: Item, reason: str, *, note: str | None = None, replaced_by: str | None = None
    ) -> dict[str, Any]:
        """Withdraw what is published; its tombstone says why."""
        said = {"reason": reason, "note": note, "replaced_by": replaced_by}
        return self._json("POST", f"items/{item.id}/withdrawal", said, item.etag)

    def look_up(self, address: str, *, item_type: str = "") -> dict[str, Any]:
        """Return what lies at an address elsewhere, and a description begun.

        address    a web address, or the name of a container image
        item_type  to describe it as; without one the type that fits best
        """
        said = json.dumps({"address": address, "type": item_type}).encode()
        headers = {"Content-Type": "application/json"}
        return loaded(self._send("POST", "references/look-up", said, headers))

    def references(self, item_id: str) -> dict[str, Any]:
        """Return what an item refers to elsewhere, and what was found there last."""
        return loaded(self._send("GET", f"items/{quote(item_id, safe='')}/references"))

    def check_references(self, item_id: str) -> dict[str, Any]:
        """Have the references of an item looked at now, and return how they stand."""
        return loaded(self._send("POST", f"items/{quote(item_id, safe='')}/references/check"))

    def access(self, item_id: str) -> dict[str, Any]:
        """Return what of an item is closed, what has to be agreed to, and one's own request."""
        return loaded(self._send("GET", f"items/{quote(item_id, safe='')}/access"))

    def request_access(
        self, item_id: str, purpose: str, *, accept: int | None = None, once: str | None = None
    ) -> dict[str, Any]:
        """Ask the owner of an item for its closed files.

        purpose  what they are wanted for, 20 to 4,000 characters
        accept   the version of the data use agreement that is accepted, as `access` tells it
        once     a word by which a repeated request is known: the same word, the same request
        """
        said = {"purpose": purpose, "accepted_agreement": accept}
        headers = {"Content-Type": "application/json"}
        headers |= {"Idempotency-Key": once} if once else {}
        path = f"items/{quote(item_id, safe='')}/access-requests"
        return loaded(self._send("POST", path, json.dumps(said).encode(), headers))

    def access_requests(
        self, item_id: str | None = None, *, state: str | None = None, received: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Go through requests for closed files, newest first.

        item_id   those about that item, for who decides on them; without one the caller's own
        state     only those in it
        received  without an item: those that the caller decides on
        """
        path = f"items/{quote(item_id, safe='')}" if item_id else "me"
        asked = {"limit": "100"} | ({"state": state} if state else {})
        asked |= {"received": "true"} if received else {}
        cursor: str | None = None
        while True:
            more = asked | ({"cursor": cursor} if cursor else {})
            page = loaded(self._send("GET", f"{path}/access-requests?{urlencode(more)}"))
            yield from page["requests"]
            cursor = page["next"]
            if cursor is None:
                return

    def decide(
        self, request: Mapping[str, Any], *, grant: bool, reason: str = "", days: int | None = None
    ) -> dict[str, Any]:
        """Grant a request for access, for some days or without end, or refuse it with a reason.

        request  as `access_requests` yields it
        """
        said = {"decision": "grant" if grant else "refuse", "reason": reason, "days": days}
        return self._about(request, "decision", said)

    def end_access(self, request: Mapping[str, Any], reason: str = "") -> dict[str, Any]:
        """End access that was granted upon a request."""
        return self._about(request, "end", {"reason": reason})

    def _about(self, request: Mapping[str, Any], what: str, said: Any) -> dict[str, Any]:
        item_id, number = (quote(str(request[name]), safe="") for name in ("item", "id"))
        path = f"items/{item_id}/access-requests/{number}/{what}"
        headers = {"Content-Type": "application/json"}
        return loaded(self._send("POST", path, json.dumps(said).encode(), headers))

    def permissions(self, item_id: str) -> tuple[list[dict[str, Any]], str]:
        """Return who may do what to an item beside its owner, and the ETag that a change names."""
        answer = self._send("GET", f"items/{quote(item_id, safe='')}/permissions")
        return loaded_list(answer), answer.headers.get("ETag", "")

    def set_permissions(
        self, item_id: str, grants: Sequence[Mapping[str, str]], etag: str = "*"
    ) -> list[dict[str, Any]]:
        """Replace the whole list of who may do what to an item, unless it changed first.

        grants  each with `grantee_type`, `grantee`, `permission`, and `expires` where it ends
        """
        headers = {"Content-Type": "application/json", "If-Match": etag}
        body = json.dumps([dict(grant) for grant in grants]).encode()
        path = f"items/{quote(item_id, safe='')}/permissions"
        return loaded_list(self._send("PUT", path, body, headers))

    def share_link(self, item_id: str, label: str = "", *, days: int = 30) -> dict[str, Any]:
        """Make a link by which an item is read without an account; its `url` is told this once."""
        return self._json(
            "POST", f"items/{quote(item_id, safe='')}/links", {"label": label, "days": days}, "*"
        )

    def share_links(self, item_id: str) -> list[dict[str, Any]]:
        """Return the links to an item, the latest first, without their addresses."""
        found: list[dict[str, Any]] = loaded(
            self._send("GET", f"items/{quote(item_id, safe='')}/links")
        )["links"]
        return found

    def end_share_link(self, item_id: str, link_id: str) -> None:
        """End a link; it opens nothing any more."""
        self._send("DELETE", f"items/{quote(item_id, safe='')}/links/{quote(link_id, safe='')}")

    def give(self, item: Item, owner: str, *, kind: str = "person") -> dict[str, Any]:
        """Give an item to a group, or offer it to a person, who has to accept.

        kind  "person" or "group"
        """
        said = {"owner": owner, "kind": kind}
        return self._json("PUT", f"items/{item.id}/owner", said, item.etag)

    def offers(self) -> list[dict[str, Any]]:
        """Return the items that others would make the caller's own."""
        found: list[dict[str, Any]] = loaded(self._send("GET", "me/offers"))["offers"]
        return found

    def accept(self, item_id: str) -> dict[str, Any]:
        """Accept an item that is offered."""
        return loaded(self._send("POST", f"me/offers/{quote(item_id, safe='')}/acceptance", b""))

    def decline(self, item_id: str) -> None:
        """Decline an item that is offered."""
        self._send("DELETE", f"me/offers/{quote(item_id, safe='')}")

    def items(self, **filters: str) -> Iterator[dict[str, Any]]:
        """Go through the items that the caller finds, changed last first."""
        cursor: str | None = None
        while True:
            asked = {"limit": "100"} | filters | ({"cursor": cursor} if cursor else {})
            page = loaded(self._send("GET", f"items?{urlencode(asked)}"))
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
        return loaded(answer)

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
        **how: Unpack[Sending],
    ) -> dict[str, Any]:
        """Keep a file of a draft; its SHA-256 is announced, so that what arrives is what was sent.

        A large file goes in parts, several at a time and straight to the store where that takes
        them: from 2 GiB on at once, from 64 MiB on after a break. What breaks is tried again; what
        broke off for good goes on with `resume=True`, from another machine too.
        `catalog.transfers.sending.Sending` says what else there is.
        """
        return send_file(
            self._connection, item_id, name, file, media_type=media_type, moved=moved, **how
        )

    def remove(self, item_id: str, name: str) -> None:
        """Remove a file of a draft."""
        path = f"items/{quote(item_id, safe='')}/files/{quote(name, safe='/')}"
        self._send("DELETE", path)

    def files(self, item_id: str, *, prefix: str = "") -> Iterator[dict[str, Any]]:
        """Go through the files of an item whose names begin with `prefix`, by name.

        They are asked for in pages, and only as far as anybody goes.
        """
        return listed(self._connection, item_id, prefix)

    def download(
        self,
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

        file    as `files` yields it
        resume  whether to go on with what an earlier call left in `{target}.part`
        stop    set by somebody else to end it
        tries   how often what breaks is tried, without a byte gained
        """
        fetch_file(
            self._connection,
            item_id,
            file,
            target,
            moved=moved,
            resume=resume,
            stop=stop,
            tries=tries,
        )

    def _item(self, answer: urllib3.BaseHTTPResponse) -> Item:
        return Item(loaded(answer), answer.headers.get("ETag", ""))

    def _json(self, method: str, path: str, said: Any, etag: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "If-Match": etag}
        return loaded(self._send(method, path, json.dumps(said).encode(), headers))

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        return self._connection.send(method, path, body, headers)


def _moment(said: datetime | str | None) -> str | None:
    """Return a point in time as the server takes it; a time without a zone is refused there."""
    return said.isoformat() if isinstance(said, datetime) else said
