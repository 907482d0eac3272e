"""A client of Sage's storage API, that makes the requests which Sage's own Python client makes.

It knows nothing of the catalog: `python tests/storage_client.py URL TOKEN FOLDER` creates a bucket,
uploads the folder, shares, lists, downloads, compares, renames and deletes, and says so. It takes
every status but 200 for a failure, sends JSON without a media type, streams what it uploads, and
follows redirects, as `requests` does.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from requests_toolbelt import MultipartEncoder

_SECONDS = 30.0
_CHUNK_BYTES = 1024 * 1024


class Failed(Exception):
    """The storage API answered with a failure that says nothing."""


@dataclass(frozen=True)
class Storage:
    """A storage API at `url`, for whoever has the token; "" for nobody."""

    url: str
    token: str = ""

    # -- buckets

    def create_bucket(self, name: str, kind: str, *, public: bool = False) -> Any:
        params = {"name": name, "type": kind} | ({"public": "true"} if public else {})
        return self._ask("POST", "", params=params)

    def list_buckets(self, owner: str = "", name: str = "") -> Any:
        params = {key: value for key, value in (("owner", owner), ("name", name)) if value}
        return self._ask("GET", "", params=params)

    def show_bucket(self, bucket: str) -> Any:
        return self._ask("GET", f"/{bucket}")

    def rename_bucket(self, bucket: str, name: str) -> Any:
        return self._ask("PATCH", f"/{bucket}", data=json.dumps({"name": name}))

    def delete_bucket(self, bucket: str) -> Any:
        return self._ask("DELETE", f"/{bucket}")

    # -- permissions

    def permissions(self, bucket: str) -> Any:
        return self._ask("GET", f"/{bucket}", params={"permissions": True})

    def add_permission(self, bucket: str, kind: str, grantee: str, permission: str) -> Any:
        said = {"granteeType": kind, "grantee": grantee, "permission": permission}
        return self._ask("PUT", f"/{bucket}", params={"permissions": True}, data=json.dumps(said))

    def make_public(self, bucket: str) -> Any:
        return self.add_permission(bucket, "GROUP", "AllUsers", "READ")

    def delete_permission(self, bucket: str, grantee: str) -> Any:
        params = {"permissions": True, "grantee": grantee}
        return self._ask("DELETE", f"/{bucket}", params=params)

    # -- files

    def upload(self, bucket: str, source: Path, key: str = "") -> Any:
        """Upload a file under a key, or a folder with its name below one."""
        if source.is_file():
            return self._upload(bucket, source, key)
        files = sorted(path for path in source.rglob("*") if path.is_file())
        for path in files:
            inner = path.relative_to(source).as_posix()
            done = self._upload(bucket, path, f"{key}{source.name}/{inner}")
            if "error" in done:
                return done
        return {"files_uploaded": len(files)}

    def _upload(self, bucket: str, source: Path, key: str) -> Any:
        with source.open("rb") as opened:
            body = MultipartEncoder(fields={"file": (source.name, opened)})
            headers = {"Content-Type": body.content_type}
            return self._ask("PUT", f"/{bucket}/{key}", data=body, headers=headers)

    def list_files(
        self, bucket: str, prefix: str = "", token: str = "", limit: int = 0, *, recursive: bool
    ) -> Any:
        params: dict[str, Any] = {"recursive": True} if recursive else {}
        params |= {"ContinuationToken": token} if token else {}
        params |= {"limit": limit} if limit else {}
        return self._ask("GET", f"/{bucket}/{prefix}", params=params)

    def all_files(self, bucket: str, limit: int) -> Iterator[str]:
        """Go through all keys, so many a page."""
        token = ""
        while True:
            page = self.list_files(bucket, token=token, limit=limit, recursive=True)
            yield from (one["Key"] for one in page["Contents"] or ())
            if not page["IsTruncated"]:
                return
            token = page["NextContinuationToken"]

    def download(self, bucket: str, key: str, target: Path) -> Path:
        """Download a file into a folder, under its last name."""
        name = target / key.rpartition("/")[2]
        part = name.with_name(f"{name.name}.part")
        address = f"{self._objects}/{bucket}/{key}"
        with requests.get(
            address, headers=self._headers({}), stream=True, timeout=_SECONDS
        ) as answer:
            answer.raise_for_status()
            with part.open("wb") as opened:
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    opened.write(chunk)
        part.rename(name)
        return name

    def delete_file(self, bucket: str, key: str) -> Any:
        return self._ask("DELETE", f"/{bucket}/{key}", params={})

    # -- requests

    @property
    def _objects(self) -> str:
        return f"{self.url}/api/v1/objects"

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return ({"Authorization": f"sage {self.token}"} if self.token else {}) | dict(more)

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        headers = self._headers(how.pop("headers", {}))
        answer = requests.request(
            method, self._objects + path, headers=headers, timeout=_SECONDS, **how
        )
        if answer.status_code == 200:
            return json.loads(answer.text)
        try:
            said = answer.json()
        except ValueError:
            raise Failed(f"status_code: {answer.status_code}") from None
        if "error" in said:
            return said
        raise Failed(f"status_code: {answer.status_code} {said}")


def journey(storage: Storage, folder: Path, target: Path) -> list[str]:
    """Live the life of a bucket; return what was done, as sentences."""
    nobody = Storage(storage.url)
    bucket = storage.create_bucket("a journey", "training-data")["id"]
    told = [f"created bucket {bucket}"]
    sent = {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path
        for path in folder.rglob("*")
        if path.is_file()
    }
    _require(storage.upload(bucket, folder), {"files_uploaded": len(sent)})
    told.append(f"uploaded {len(sent)} files")
    _require(sorted(storage.all_files(bucket, limit=7)), sorted(sent))
    shown = storage.list_files(bucket, recursive=False)
    _require([one["Prefix"] for one in shown["CommonPrefixes"]], [f"{folder.name}/"])
    told.append("listed them page by page")
    key = min(sent)
    if "error" not in nobody.list_files(bucket, recursive=True):
        raise Failed("what is private was listed")
    storage.add_permission(bucket, "USER", "colleague", "WRITE")
    storage.make_public(bucket)
    _require(len(storage.permissions(bucket)), 3)
    _require(any(one["id"] == bucket for one in nobody.list_buckets()), True)
    told.append("shared it")
    for name, path in sent.items():
        _require(nobody.download(bucket, name, target).read_bytes(), path.read_bytes())
        (target / path.name).unlink()
    told.append("downloaded and compared every file")
    _require(storage.delete_permission(bucket, "GROUP:AllUsers"), {"deleted": ["GROUP:AllUsers"]})
    if "error" not in nobody.show_bucket(bucket):
        raise Failed("what is private again was shown")
    _require(storage.rename_bucket(bucket, "renamed")["name"], "renamed")
    _require([one["id"] for one in storage.list_buckets(name="renamed")], [bucket])
    told.append("renamed it")
    _require(storage.delete_file(bucket, key), {"deleted": [key]})
    _require(storage.delete_bucket(bucket), {"deleted": [bucket]})
    _require("error" in storage.show_bucket(bucket), True)
    told.append("deleted it")
    return told


def _require(found: object, expected: object) -> None:
    if found != expected:
        raise Failed(f"{str(found)[:500]} is not {str(expected)[:500]}")


def main() -> None:
    """Live the life of a bucket against the storage API that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("folder", type=Path)
    said = parser.parse_args()
    with TemporaryDirectory() as target:
        for sentence in journey(Storage(said.url, said.token), said.folder, Path(target)):
            print(sentence, file=sys.stdout)


if __name__ == "__main__":
    main()
