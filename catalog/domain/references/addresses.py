"""What an address of bytes elsewhere is: of a repository, an image, a model hub, or just a file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit, urlunsplit

from catalog.domain.errors import NotAcceptable
from catalog.domain.identifiers import RECORD

LONGEST: Final = 2_000
"""Characters of an address; a little less than an IRI may have."""

DOCKER_HUB: Final = "registry-1.docker.io"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry.docker.io", DOCKER_HUB})


class Kind(StrEnum):
    """Of which kind a reference is, which decides whom to ask about it."""

    GITHUB = "github"
    IMAGE = "image"
    HUGGING_FACE = "hugging-face"
    FILE = "file"


class Part(StrEnum):
    """What of a repository at GitHub an address names."""

    REPOSITORY = "repository"
    FOLDER = "folder"
    FILE = "file"
    ARCHIVE = "archive"
    RELEASE = "release"
    ASSET = "asset"


@dataclass(frozen=True, slots=True)
class GitHub:
    """Something in a repository at GitHub.

    ref   a branch, tag or commit; "" for the default branch. Of a folder or file it may be only
          the beginning of a branch that has slashes, of which the rest begins `path`
    path  the path within the repository, or the name of an asset
    """

    owner: str
    name: str
    part: Part = Part.REPOSITORY
    ref: str = ""
    path: str = ""

    @property
    def repository(self) -> str:
        """The address of the repository."""
        return f"https://github.com/{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class Image:
    """A container image in a registry; `digest` is "" where a tag names it."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Its full name, as `docker pull` takes it."""
        registry = "docker.io" if self.registry == DOCKER_HUB else self.registry
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{registry}/{self.repository}{tag}{digest}"

    @property
    def reference(self) -> str:
        """By what the registry is asked for it."""
        return self.digest or self.tag or "latest"


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A repository at Hugging Face, or a file of it.

    collection  "models", "datasets" or "spaces"
    revision    a branch, tag or commit; "" for the default branch
    path        of a file; "" for the whole
    """

    collection: str
    repository: str
    revision: str = ""
    path: str = ""

    @property
    def page(self) -> str:
        """The address of the repository."""
        folder = "" if self.collection == "models" else f"{self.collection}/"
        return f"https://huggingface.co/{folder}{self.repository}"


@dataclass(frozen=True, slots=True)
class File:
    """Anything else that has an address."""

    url: str


Address = GitHub | Image | HuggingFace | File

_KINDS: Final = {
    GitHub: Kind.GITHUB,
    Image: Kind.IMAGE,
    HuggingFace: Kind.HUGGING_FACE,
    File: Kind.FILE,
}
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_GIT_BY_SSH = re.compile(r"(?:ssh://)?git@github\.com[:/](.+)")
_IMAGE = re.compile(
    r"(?P<path>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_MANIFEST = re.compile(r"/v2/(?P<name>[a-z0-9][a-z0-9._/-]*)/(?:manifests|blobs)/(?P<ref>[^/]+)")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_UNSHOWN = re.compile(
    '[\x00-\x20\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff<>"\\\\^`{|}]'
)
_SIGNED: Final = frozenset(
    {"x-amz-signature", "x-goog-signature", "awsaccesskeyid", "googleaccessid", "sig",
     "signature", "access_token", "token", "x-amz-security-token"}
)  # fmt: skip


def read_address(text: str) -> Address:
    """Return what an address means: a web address, the name of an image, or a clone address.

    >>> read_address("https://github.com/waggle-sensor/plugin-iio/tree/v0.6.0")
    GitHub(owner='waggle-sensor', name='plugin-iio', part=<Part.FOLDER: 'folder'>, ref='v0.6.0', path='')

    Raises NotAcceptable for what is none, and for one that carries a secret.
    """  # noqa: E501
    said = text.strip()
    if len(said) > LONGEST:
        raise NotAcceptable(f"An address has at most {LONGEST:,} characters; this one is longer.")
    if by_ssh := _GIT_BY_SSH.fullmatch(said):
        said = f"https://github.com/{by_ssh[1]}"
    said = said.removeprefix("git+")
    for scheme in ("docker://", "oci://"):
        if said.startswith(scheme):
            return _image_named(said.removeprefix(scheme))
    if "://" not in said:
        return _without_scheme(said)
    return _web_address(said)


def kind_of(address: Address) -> Kind:
    """Return of which kind an address is."""
    return _KINDS[type(address)]


def _without_scheme(said: str) -> Address:
    """Return an image by its name, or the web address whose scheme was left away."""
    host = said.partition("/")[0]
    if "/" in said and host.removeprefix("www.") in _SITES:
        return _web_address(f"https://{said}")
    return _image_named(said)


def _image_named(said: str) -> Image:
    found = _IMAGE.fullmatch(said)
    if found is None or ("/" not in said and ":" not in said and "." in said):
        raise NotAcceptable(
            "This is no address: give one that begins with https://, or the full name of a "
            "container image such as docker.io/waggle/plugin-base:1.1.1."
        )
    first, _, rest = found["path"].partition("/")
    has_registry = bool(rest) and ("." in first or ":" in first or first == "localhost")
    registry, repository = (first, rest) if has_registry else (DOCKER_HUB, found["path"])
    if registry in _HUB_NAMES:
        registry = DOCKER_HUB
        repository = repository if "/" in repository else f"library/{repository}"
    if ":" in repository:
        raise NotAcceptable("This name of an image has a port where none can be.")
    return Image(registry, repository, found["tag"] or "", found["digest"] or "")


def _web_address(said: str) -> Address:
    try:
        parts = urlsplit(said)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise NotAcceptable("This is no address that can be read.") from None
    if parts.scheme.lower() not in {"http", "https"} or not host or _UNSHOWN.search(said):
        raise NotAcceptable("Give an address that begins with http:// or https://, without spaces.")
    _check_has_no_secret(parts.username, parts.password, parts.query)
    if host == urlsplit(RECORD).hostname:
        raise NotAcceptable("Addresses under this name are the catalog's own; nothing lies there.")
    bare = host.removeprefix("www.")
    steps = [unquote(step) for step in parts.path.split("/") if step]
    reader = _SITES.get(bare) if port in {None, 80, 443} else None
    found = reader(steps, parts.query) if reader else None
    if found is None and (manifest := _MANIFEST.fullmatch(parts.path)):
        at = f":{port}" if port is not None else ""
        return _image_at(f"{host}{at}", manifest["name"], manifest["ref"])
    return found or File(_tidy(said))


def _check_has_no_secret(user: str | None, password: str | None, query: str) -> None:
    if user or password:
        raise NotAcceptable("This address carries a name or password; give it without.")
    named = {name.lower() for name in parse_qs(query, keep_blank_values=True)}
    if named & _SIGNED:
        raise NotAcceptable(
            "This address carries a signature or token, which ends and is nobody else's to know; "
            "give the lasting address of the same bytes."
        )


def _tidy(said: str) -> str:
    """Return a web address without fragment, with its host in lower case."""
    parts = urlsplit(said)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    at = f"{host}:{parts.port}" if parts.port is not None else host
    return urlunsplit((parts.scheme.lower(), at, parts.path or "/", parts.query, ""))


# -- GitHub


def _github(steps: list[str], _query: str) -> Address | None:
    if len(steps) < 2 or not _OWNER.fullmatch(steps[0]):
        return None
    owner, name, rest = steps[0], steps[1].removesuffix(".git"), steps[2:]
    if not _REPOSITORY.fullmatch(name) or name in {".", ".."}:
        return None
    match rest:
        case []:
            return GitHub(owner, name)
        case ["tree", ref, *path]:
            return GitHub(owner, name, Part.FOLDER, ref, "/".join(path))
        case ["blob" | "raw", ref, *path] if path:
            return GitHub(owner, name, Part.FILE, ref, "/".join(path))
        case ["commit", ref]:
            return GitHub(owner, name, Part.FOLDER, ref)
        case ["releases", "tag", *tag] if tag:
            return GitHub(owner, name, Part.RELEASE, "/".join(tag))
        case ["releases", "download", *tag, asset] if tag:
            return GitHub(owner, name, Part.ASSET, "/".join(tag), asset)
        case ["archive", *ref] if ref:
            return _archive(owner, name, "/".join(ref))
    return None


def _archive(owner: str, name: str, said: str) -> GitHub | None:
    for suffix in (".tar.gz", ".zip"):
        if said.endswith(suffix):
            ref = said.removesuffix(suffix)
            for prefix in ("refs/heads/", "refs/tags/"):
                ref = ref.removeprefix(prefix)
            return GitHub(owner, name, Part.ARCHIVE, ref, suffix)
    return None


def _raw_github(steps: list[str], _query: str) -> Address | None:
    if len(steps) < 4:
        return None
    owner, name, *rest = steps
    if rest[:2] in (["refs", "heads"], ["refs", "tags"]):
        rest = rest[2:]
    if len(rest) < 2 or not _OWNER.fullmatch(owner) or not _REPOSITORY.fullmatch(name):
        return None
    return GitHub(owner, name, Part.FILE, rest[0], "/".join(rest[1:]))


# -- registries of images


def _docker_hub(steps: list[str], query: str) -> Address | None:
    match steps:
        case ["_", name, *_]:
            path = f"library/{name}"
        case ["r", owner, name, *_]:
            path = f"{owner}/{name}"
        case _:
            return None
    if not re.fullmatch(f"{_NAME}/{_NAME}", path):
        return None
    return Image(DOCKER_HUB, path, (parse_qs(query).get("name") or [""])[0])


def _image_at(host: str, name: str, ref: str) -> Image:
    registry = DOCKER_HUB if host in _HUB_NAMES else host
    ref = unquote(ref)
    return (
        Image(registry, name, digest=ref)
        if _DIGEST.fullmatch(ref)
        else Image(registry, name, tag=ref)
    )


# -- Hugging Face


def _hugging_face(steps: list[str], _query: str) -> Address | None:
    collection = "models"
    if steps and steps[0] in {"datasets", "spaces"}:
        collection, steps = steps[0], steps[1:]
    views = {"tree", "blob", "resolve", "raw", "commit"}
    at = next((number for number, step in enumerate(steps) if step in views), len(steps))
    name, rest = steps[:at], steps[at:]
    if not 1 <= len(name) <= 2 or not all(re.fullmatch(r"[\w.-]{1,96}", step) for step in name):
        return None
    if len(name) == 1 and (collection == "spaces" or name[0] in _HUB_PAGES):
        return None
    repository = "/".join(name)
    match rest:
        case []:
            return HuggingFace(collection, repository)
        case ["tree" | "commit", revision]:
            return HuggingFace(collection, repository, revision)
        case ["blob" | "resolve" | "raw", revision, *path] if path:
            return HuggingFace(collection, repository, revision, "/".join(path))
    return None


_HUB_PAGES: Final = frozenset(
    {"models", "datasets", "spaces", "docs", "blog", "papers", "login", "join", "pricing", "api",
     "settings", "organizations", "collections", "learn", "tasks", "chat", "posts"}
)  # fmt: skip

_SITES: Final[dict[str, Callable[[list[str], str], Address | None]]] = {
    "github.com": _github,
    "raw.githubusercontent.com": _raw_github,
    "hub.docker.com": _docker_hub,
    "huggingface.co": _hugging_face,
    "hf.co": _hugging_face,
}


def path_of(text: str) -> str:
    """Return a path as addresses spell it."""
    return quote(text, safe="/:@!$&'()*+,;=~")
