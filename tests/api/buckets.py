"""Sage's storage API asked in process, as its clients ask: `sage` tokens, multipart, raw JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.api.sites import Site

OBJECTS = "/api/v1/objects"
BOUNDARY = "a-boundary-0123456789"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def form(content: bytes, name: str | None = "testfile.txt", *, close: bool = True) -> bytes:
    """Return a body of one part, as `requests_toolbelt` writes it."""
    said = f'; filename="{name}"' if name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"{said}\r\n\r\n'
    end = f"\r\n--{BOUNDARY}--\r\n" if close else ""
    return head.encode() + content + end.encode()


@dataclass(frozen=True)
class Client:
    """Somebody who asks the storage API; `token` None for nobody."""

    site: Site
    token: str | None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a request; the path follows `/api/v1/objects`."""
        said = {"Authorization": f"sage {self.token}"} if self.token else {}
        client = self.site.app.test_client(use_cookies=False)
        said |= dict(headers or {})
        return client.open(OBJECTS + path, method=method, data=body, headers=said, buffered=True)

    def create(self, query: str = "type=training-data&name=mybucket") -> str:
        """Create a bucket; return its id."""
        answer = self.ask("POST", f"?{query}")
        assert answer.status_code == 200, answer.text
        return str(json.loads(answer.text)["id"])

    def put(self, path: str, content: bytes = b"test-data", **how: Any) -> TestResponse:
        """Keep a file."""
        return self.ask("PUT", path, form(content, **how), {"Content-Type": FORM})

    def share(self, bucket: str, kind: str, grantee: str, right: str) -> TestResponse:
        """Grant a right, with no media type, as clients do."""
        said = {"granteeType": kind, "grantee": grantee, "permission": right}
        return self.ask("PUT", f"/{bucket}?permissions=True", json.dumps(said).encode())

    def make_public(self, bucket: str) -> None:
        """Let everybody read."""
        assert self.share(bucket, "GROUP", "AllUsers", "READ").status_code == 200

    def listing(self, path: str) -> dict[str, Any]:
        """Return a page of a folder."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = json.loads(answer.text)
        return said

    def names(self, path: str) -> list[str]:
        """Return the files, then the folders of a page of a folder."""
        said = self.listing(path)
        folders = [one["Prefix"] for one in said["CommonPrefixes"] or ()]
        return [one["Key"] for one in said["Contents"] or ()] + folders


def client(site: Site, who: str | None = "owner") -> Client:
    """Return somebody of a role, None for nobody."""
    return Client(site, site.tokens[who] if who else None)


def refusal(answer: TestResponse, status: int) -> str:
    """Return the sentence of a refusal, which is JSON as Go writes it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    said = json.loads(answer.text)
    assert said.keys() == {"error"}
    return str(said["error"])
