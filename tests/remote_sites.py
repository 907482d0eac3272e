"""Sites elsewhere as one real HTTP server of the tests: GitHub, a registry, a hub, files, villains.

Each site is a path below the server; `settings()` are the settings by which a catalog asks it
instead of the real ones. What it has may be changed while it runs.
"""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "63f75410b8ef8a1c1d1b5d4e0f7a7b8c9d0e1f2a"
LATER = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
WORDS = b"serial;gas;sensitivity\n" * 10
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TOKEN = "pull-only"


def digest_of(content: bytes) -> str:
    """Return the digest under which a registry keeps bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class Sites:
    """What the sites have, and what they were asked.

    refs     branches, tags and commits of the repository, with the commit that each means
    status   a status that a path answers instead of what it has
    asked    method and path of each request, with its headers
    """

    port: int = 0
    refs: dict[str, str] = field(default_factory=lambda: {
        "main": COMMIT, "v0.6.0": COMMIT, COMMIT: COMMIT, LATER: LATER, "feature/rain": LATER,
    })  # fmt: skip
    files: dict[str, bytes] = field(default_factory=lambda: {"calib/data.csv": WORDS})
    revision: str = COMMIT
    kept: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    status: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hosts(self) -> str:
        """The setting `reference_hosts`."""
        sites = {
            "api.github.com": "github",
            "raw.githubusercontent.com": "raw",
            "registry.example.org": "registry",
            "auth.example.org": "auth",
            "huggingface.co": "hub",
            "web.lcrc.anl.gov": "files",
            "storage.sagecontinuum.org": "closed",
        }
        return ",".join(f"{host}={self.base}/{path}" for host, path in sites.items())

    def reset(self) -> None:
        """Have what there is at the beginning, and forget what was asked."""
        for name, value in vars(Sites(self.port)).items():
            setattr(self, name, value)
        self.keep_file("public/waggle/sky.tar", b"sky" * 100, Content_Type="application/x-tar")
        self.keep_image("1.0.4")

    def keep_file(self, name: str, content: bytes, **headers: str) -> None:
        """Offer a file at LCRC."""
        tag = hashlib.md5(content, usedforsecurity=False).hexdigest()[:12]
        self.kept[name] = (content, {
            "Content-Type": "application/octet-stream",
            "Last-Modified": "Tue, 11 May 2021 12:00:00 GMT",
            "ETag": f'"{tag}"',
            **{key.replace("_", "-"): value for key, value in headers.items()},
        })  # fmt: skip

    def keep_image(self, tag: str, made: str = "2022-03-01T12:00:00Z") -> str:
        """Offer an image of two platforms under a tag; return the digest of its index."""
        config = json.dumps({
            "os": "linux", "architecture": "arm64", "created": made,
            "config": {"Labels": {
                "org.opencontainers.image.title": "Cloud cover",
                "org.opencontainers.image.licenses": "Apache-2.0",
                "org.opencontainers.image.revision": COMMIT,
                "org.opencontainers.image.source": "https://github.com/waggle-sensor/iio",
            }},
        }).encode()  # fmt: skip
        at = self._blob(config, "application/octet-stream")
        layers = [{"digest": digest_of(b"layer"), "size": 5_000_000}]
        manifest = json.dumps({"config": {"digest": at, "size": len(config)}, "layers": layers})
        inner = self._blob(manifest.encode(), MANIFEST)
        platforms = [("arm64", "v8"), ("amd64", ""), ("unknown", "")]
        listed = [
            {"digest": inner, "platform": {"os": "linux", "architecture": kind, "variant": variant}}
            for kind, variant in platforms
        ]
        digest = self._blob(json.dumps({"manifests": listed}).encode(), INDEX)
        self.tags[tag] = digest
        return digest

    def _blob(self, content: bytes, kind: str) -> str:
        digest = digest_of(content)
        self.blobs[digest] = (content, kind)
        return digest


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sites: Sites

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.sites.asked.append((self.command, self.path, dict(self.headers)))
        if path in self.sites.status:
            status, headers = self.sites.status[path]
            self._send(status, b"", headers)
            return
        site, *steps = [unquote(step) for step in path.strip("/").split("/")]
        getattr(self, f"_{site}", self._nothing)(steps)

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        said = {"Content-Length": str(len(body)), **(headers or {})}
        self.send_response(status)
        for name, value in said.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, said: Any, **headers: str) -> None:
        self._send(200, json.dumps(said).encode(), {"Content-Type": "application/json", **headers})

    def _nothing(self, _steps: list[str] | None = None) -> None:
        self._send(404, b'{"message": "Not Found"}')

    # -- GitHub

    def _github(self, steps: list[str]) -> None:
        match steps:
            case ["repos", "waggle-sensor", "iio"]:
                self._json({
                    "name": "iio", "description": "Reads IIO sensors.", "default_branch": "main",
                    "license": {"spdx_id": "MIT"}, "topics": ["sensors", "iio"],
                    "created_at": "2021-01-01T00:00:00Z",
                })  # fmt: skip
            case ["repos", "waggle-sensor", "iio", "commits", *ref]:
                commit = self.sites.refs.get("/".join(ref))
                self._send(200, commit.encode()) if commit else self._nothing()
            case ["repos", "waggle-sensor", "iio", "contents", *path]:
                at = "/".join(path)
                has = any(name.startswith(at) for name in self.sites.files)
                self._send(200) if has else self._nothing()
            case ["repos", "waggle-sensor", "iio", "releases", "tags", "v0.6.0"]:
                asset = {
                    "name": "model.onnx", "size": 7, "content_type": "application/octet-stream",
                    "digest": digest_of(b"weights"), "updated_at": "2022-01-02T03:04:05Z",
                }  # fmt: skip
                self._json({"name": "Six", "body": "What is new.", "assets": [asset],
                            "published_at": "2022-01-02T03:04:05Z"})  # fmt: skip
            case _:
                self._nothing()

    def _raw(self, steps: list[str]) -> None:
        content = self.sites.files.get("/".join(steps[3:]))
        self._send(200, content) if content is not None else self._nothing()

    # -- a registry that wants a token

    def _registry(self, steps: list[str]) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            realm = 'Bearer realm="https://auth.example.org/token",service="registry.example.org"'
            self._send(401, b"", {"WWW-Authenticate": realm})
            return
        what, ref = steps[-2:]
        digest = self.sites.tags.get(ref, ref) if what == "manifests" else ref
        if digest not in self.sites.blobs:
            self._nothing()
            return
        content, kind = self.sites.blobs[digest]
        self._send(200, content, {"Content-Type": kind, "Docker-Content-Digest": digest})

    def _auth(self, _steps: list[str]) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        fits = asked.get("scope") == ["repository:sage/cloud-cover:pull"]
        self._json({"token": TOKEN}) if fits else self._send(403)

    # -- Hugging Face

    def _hub(self, steps: list[str]) -> None:
        match steps:
            case ["api", "datasets", "sagecontinuum", "FireBench", *_]:
                self._json({
                    "sha": self.sites.revision, "lastModified": "2026-01-02T03:04:05.000Z",
                    "cardData": {"license": "cc-by-4.0", "pretty_name": "FireBench",
                                 "tags": ["wildfire", "region:us"]},
                    "description": "Images of fires.",
                })  # fmt: skip
            case ["datasets", "sagecontinuum", "FireBench", "resolve", revision, "train.bin"]:
                weights = hashlib.sha256(b"train").hexdigest()
                commit = self.sites.revision if revision == "main" else revision
                self._send(302, b"", {
                    "Location": "https://cdn.example.org/never-asked", "X-Repo-Commit": commit,
                    "X-Linked-Size": "6101033867", "X-Linked-Etag": f'"{weights}"',
                })  # fmt: skip
            case ["datasets", "sagecontinuum", "OldName", "resolve", revision, name]:
                at = f"/datasets/sagecontinuum/FireBench/resolve/{revision}/{name}"
                self._send(307, b"", {"Location": at})
            case _:
                self._send(401, b"", {"X-Error-Code": "RepoNotFound"})

    # -- files

    def _files(self, steps: list[str]) -> None:
        found = self.sites.kept.get("/".join(steps))
        if found is None:
            self._nothing()
            return
        content, headers = found
        if "X-No-Head" in headers and self.command == "HEAD":
            self._send(405)
        elif self.headers.get("Range") == "bytes=0-0":
            more = {"Content-Range": f"bytes 0-0/{len(content)}", "Content-Length": "1"}
            self._send(206, content[:1], headers | more)
        else:
            self._send(200, content, headers)

    def _closed(self, _steps: list[str]) -> None:
        self._send(401, b"", {"WWW-Authenticate": "Basic domain=storage.sagecontinuum.org"})

    # -- villains

    def _villain(self, steps: list[str]) -> None:
        getattr(self, f"_villain_{steps[0]}")(steps[1:])

    def _villain_endless(self, _: list[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"[" * 65_536)
        except OSError:
            self.close_connection = True

    def _villain_slow(self, _: list[str]) -> None:
        """Send a header a letter at a time, each just before one would give up."""
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(600):
                self.wfile.write(b"a")
                time.sleep(0.05)
        except OSError:
            pass
        self.close_connection = True

    def _villain_loop(self, steps: list[str]) -> None:
        number = int(steps[0]) if steps else 0
        self._send(302, b"", {"Location": f"/villain/loop/{number + 1}"})

    def _villain_to(self, steps: list[str]) -> None:
        """Redirect to the address in the path: scheme, host, and the rest."""
        self._send(302, b"", {"Location": f"{steps[0]}://{'/'.join(steps[1:])}"})

    def _villain_lying(self, _: list[str]) -> None:
        self._send(200, b"short", {"Content-Length": "99999999999999999999999"})

    def _villain_large(self, _: list[str]) -> None:
        self._json({"sha": "a" * 5_000_000})

    def _villain_bad(self, _: list[str]) -> None:
        self._send(200, b'{"sha": ', {"Content-Type": "application/json"})

    def _villain_headers(self, _: list[str]) -> None:
        many = {f"X-{number}": "a" * 2_000 for number in range(80)}
        self._send(200, b"", many)

    def _villain_line(self, _: list[str]) -> None:
        self._send(200, b"", {"ETag": "a" * 100_000})

    def _villain_bytes(self, _: list[str]) -> None:
        """Answer in what is no UTF-8, where texts are expected."""
        self.wfile.write(
            b'HTTP/1.1 200 \xff\xfe\r\nETag: "\xff\xfe\x85"\r\nContent-Type: \xff/\xff\r\n'
            b"Last-Modified: never\r\nContent-Length: 3\r\n"
            b'Content-Disposition: attachment; filename="..\\..\\\xe2\x80\xaeexe"\r\n\r\n'
            b"\xff\xfe\xfd"
        )
        self.close_connection = True

    def _villain_nothing(self, _: list[str]) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that went away is none."""


@contextmanager
def remote_sites() -> Iterator[Sites]:
    """Run the sites on a free port."""
    sites = Sites()
    sites.reset()
    handler = type("Handler", (_Handler,), {"sites": sites})
    server = _Server(("127.0.0.1", 0), handler)
    sites.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sites
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
