"""What a registry of container images says about one, by the distribution API of the OCI."""

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from catalog.domain.references import replies
from catalog.domain.references.addresses import DOCKER_HUB, Image
from catalog.domain.references.asking import (
    MOST_JSON_BYTES,
    Facts,
    Found,
    Looking,
    Presence,
    Question,
    Reply,
)

MANIFESTS: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_LABELS: Final = "org.opencontainers.image."
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_MOST_PLATFORMS: Final = 20


def look(image: Image, *, whole: bool) -> Looking:
    """Return what its registry says.

    whole  whether platforms, sizes and labels are wanted too, or only the digest
    """
    site = "Docker Hub" if image.registry == DOCKER_HUB else image.registry
    registry = _Registry(image, site)
    found = yield from registry.asked("HEAD", f"manifests/{image.reference}", 0)
    if isinstance(found, Found):
        return found
    digest = replies.digest(found.headers.get("docker-content-digest"))
    if not digest and not image.digest:
        return replies.unlike(site)
    fixed = replace(image, digest=digest or image.digest)
    page = _page(fixed)
    facts = Facts(
        page,
        page=page,
        title=f"{image.repository.removeprefix('library/')}{f':{image.tag}' if image.tag else ''}",
        image=fixed.name,
        ref=image.tag if not image.digest else "",
        version=image.tag if image.tag != "latest" else "",
        digest=fixed.digest,
    )
    if whole:
        facts = yield from _described(registry, facts)
    return Found(Presence.THERE, facts)


def _page(image: Image) -> str:
    """Return the address of an image: its page at Docker Hub, its manifest elsewhere."""
    if image.registry != DOCKER_HUB:
        return f"https://{image.registry}/v2/{image.repository}/manifests/{image.digest}"
    owner, _, name = image.repository.partition("/")
    path = f"_/{name}" if owner == "library" else f"r/{owner}/{name}"
    tags = f"/tags?{urlencode({'name': image.tag})}" if image.tag else ""
    return f"https://hub.docker.com/{path}{tags}"


class _Registry:
    """One registry as somebody without an account sees it; gets itself the token that it wants."""

    def __init__(self, image: Image, site: str) -> None:
        self._image = image
        self._site = site
        self._token = ""

    def asked(
        self, method: str, path: str, most_bytes: int
    ) -> Generator[Question, Reply, Reply | Found]:
        """Return a good reply, or what a bad one means."""
        reply = yield self._question(method, path, most_bytes)
        if reply.status == 401 and not self._token:
            self._token = yield from self._fetched_token(reply)
            if self._token:
                reply = yield self._question(method, path, most_bytes)
        return replies.refused(reply, self._site) or reply

    def _question(self, method: str, path: str, most_bytes: int) -> Question:
        headers = {"Accept": MANIFESTS if path.startswith("manifests/") else "*/*"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = f"https://{self._image.registry}/v2/{self._image.repository}/{quote(path, safe='/:')}"
        return Question(method, url, headers, most_bytes)

    def _fetched_token(self, reply: Reply) -> Generator[Question, Reply, str]:
        """Return the token of who has no account, as the registry says where to get it."""
        scheme, _, said = reply.headers.get("www-authenticate", "").partition(" ")
        asked = dict(_CHALLENGE.findall(said))
        realm = asked.get("realm", "")
        if scheme.lower() != "bearer" or not realm.startswith(("https://", "http://")):
            return ""
        more = {"scope": f"repository:{self._image.repository}:pull"}
        if service := asked.get("service"):
            more["service"] = service
        joint = "&" if "?" in realm else "?"
        answer = yield Question("GET", f"{realm}{joint}{urlencode(more)}", {}, MOST_JSON_BYTES)
        given = replies.said_in(answer) if answer.status == 200 else None
        token = (given or {}).get("token") or (given or {}).get("access_token")
        usable = isinstance(token, str) and token.isascii() and token.isprintable()
        return token if isinstance(token, str) and usable and " " not in token else ""


def _described(registry: _Registry, facts: Facts) -> Generator[Question, Reply, Facts]:
    """Add what the manifest and the configuration say; what cannot be read is left out."""
    manifest = yield from _json(registry, f"manifests/{facts.digest}")
    if manifest is None:
        return facts
    listed = _objects(manifest.get("manifests"))
    if listed:
        platforms = tuple(
            dict.fromkeys(filter(None, (_platform(one.get("platform")) for one in listed)))
        )
        facts = replace(facts, platforms=platforms[:_MOST_PLATFORMS])
        first = next((one for one in listed if _platform(one.get("platform"))), listed[0])
        inner = replies.digest(first.get("digest"))
        manifest = (yield from _json(registry, f"manifests/{inner}")) if inner else None
        if manifest is None:
            return facts
    else:
        facts = replace(facts, size_bytes=_size(manifest))
    described = manifest.get("config")
    at = replies.digest(described.get("digest")) if isinstance(described, dict) else ""
    config = (yield from _json(registry, f"blobs/{at}")) if at else None
    return _labelled(facts, config or {}, manifest)


def _json(registry: _Registry, path: str) -> Generator[Question, Reply, dict[str, Any] | None]:
    reply = yield from registry.asked("GET", path, MOST_JSON_BYTES)
    return None if isinstance(reply, Found) else replies.said_in(reply)


def _objects(raw: Any) -> list[dict[str, Any]]:
    return [one for one in raw if isinstance(one, dict)] if isinstance(raw, list) else []


def _platform(raw: Any) -> str:
    """Return a platform as `docker build` names it; "" for none, as that of an attestation."""
    if not isinstance(raw, dict):
        return ""
    system, kind = replies.text(raw.get("os")), replies.text(raw.get("architecture"))
    if not system or not kind or "unknown" in (system, kind):
        return ""
    variant = replies.text(raw.get("variant"))
    plain = not variant or (kind == "arm64" and variant == "v8")
    return f"{system}/{kind}" if plain else f"{system}/{kind}/{variant}"


def _size(manifest: dict[str, Any]) -> int | None:
    """Return how many bytes are fetched for it: the layers and the configuration."""
    parts = [*_objects(manifest.get("layers")), *_objects([manifest.get("config")])]
    sizes = [replies.size(one.get("size")) for one in parts]
    known = [one for one in sizes if one is not None]
    return replies.size(sum(known)) if known and len(known) == len(sizes) else None


def _labelled(facts: Facts, config: dict[str, Any], manifest: dict[str, Any]) -> Facts:
    inner = config.get("config")
    raw = inner.get("Labels") if isinstance(inner, dict) else None
    labels = {**_texts(manifest.get("annotations")), **_texts(raw)}
    source = labels.get("source", "")
    platform = _platform(config)
    return replace(
        facts,
        platforms=facts.platforms or ((platform,) if platform else ()),
        title=labels.get("title") or facts.title,
        description=labels.get("description", ""),
        license=labels.get("licenses", ""),
        repository=source if source.startswith(("https://", "http://")) else "",
        commit=replies.commit(labels.get("revision")),
        version=labels.get("version") or facts.version,
        created=replies.moment(config.get("created")),
    )


def _texts(raw: Any) -> dict[str, str]:
    def pairs() -> Iterator[tuple[str, str]]:
        for name, value in raw.items() if isinstance(raw, dict) else ():
            if isinstance(name, str) and name.startswith(_LABELS):
                yield name.removeprefix(_LABELS), replies.text(value, replies.LONGEST_TEXT)

    return dict(pairs())
