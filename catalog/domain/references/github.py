"""What GitHub says about a repository, a commit, a file, an archive or a release."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from catalog.domain.references import replies
from catalog.domain.references.addresses import GitHub, Part, path_of
from catalog.domain.references.asking import (
    MOST_JSON_BYTES,
    Facts,
    Found,
    Looking,
    Presence,
    Question,
    Reply,
)

SITE: Final = "GitHub"
API: Final = "https://api.github.com"
RAW: Final = "https://raw.githubusercontent.com"
_JSON: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_SHA: Final = {"Accept": "application/vnd.github.sha", "X-GitHub-Api-Version": "2022-11-28"}
_MOST_SLASHES: Final = 3
"""How many slashes the name of a branch in an address may have."""


def look(address: GitHub, *, whole: bool) -> Looking:
    """Return what GitHub says.

    whole  whether words about the repository are wanted too, or only what identifies the bytes
    """
    facts = Facts(address.repository, page=address.repository, repository=address.repository)
    ref = address.ref
    if whole or not ref:
        reply = yield Question("GET", _api(address), _JSON, MOST_JSON_BYTES)
        said = replies.said_in(reply)
        if refused := replies.refused(reply, SITE):
            return refused
        if said is None:
            return replies.unlike(SITE)
        facts = _described(facts, said)
        ref = ref or replies.text(said.get("default_branch"))
    if address.part in {Part.RELEASE, Part.ASSET}:
        return (yield from _release(address, facts))
    found = yield from _commit(address, ref)
    if isinstance(found, Found):
        return found
    commit, ref, path = found
    facts = replace(facts, commit=commit, ref="" if ref == commit else ref)
    return (yield from _part(address, facts, path))


def _api(address: GitHub) -> str:
    return f"{API}/repos/{quote(address.owner)}/{quote(address.name)}"


def _described(facts: Facts, said: dict[str, Any]) -> Facts:
    licence = said.get("license")
    spdx = licence.get("spdx_id") if isinstance(licence, dict) else None
    topics = said.get("topics")
    return replace(
        facts,
        title=replies.text(said.get("name")),
        description=replies.text(said.get("description"), replies.LONGEST_TEXT),
        license="" if spdx == "NOASSERTION" else replies.text(spdx),
        keywords=tuple(filter(None, map(replies.text, topics[:20])))
        if isinstance(topics, list)
        else (),
        created=replies.moment(said.get("created_at")),
    )


def _commit(address: GitHub, ref: str) -> Generator[Question, Reply, Found | tuple[str, str, str]]:
    """Return the commit that a ref means, the ref, and the path behind it."""
    reply = None
    for branch, path in _readings(ref, address.path if address.part is not Part.ARCHIVE else ""):
        url = f"{_api(address)}/commits/{quote(branch, safe='')}"
        reply = yield Question("GET", url, _SHA, 1_000)
        if reply.status in {404, 409, 422}:
            continue
        if refused := replies.refused(reply, SITE):
            return refused
        commit = replies.commit(reply.body.decode("ascii", "replace").strip())
        return (commit, branch, path) if commit else replies.unlike(SITE)
    return Found(Presence.GONE, detail=f"{SITE} knows no branch, tag or commit {ref} there.")


def _readings(ref: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to read a branch that may have slashes, the shortest first."""
    yield ref, path
    steps = path.split("/") if path else []
    for number in range(1, min(len(steps), _MOST_SLASHES) + 1):
        yield "/".join((ref, *steps[:number])), "/".join(steps[number:])


def _part(address: GitHub, facts: Facts, path: str) -> Looking:
    commit, repository = facts.commit, address.repository
    if address.part is Part.ARCHIVE:
        url = f"{repository}/archive/{commit}{address.path}"
        media_type = "application/zip" if address.path == ".zip" else "application/gzip"
        facts = replace(facts, download=url, media_type=media_type, address=url)
        return Found(Presence.THERE, facts)
    if address.part is Part.FILE:
        return (yield from _file(address, facts, path))
    where = f"{repository}/tree/{commit}" + (f"/{path_of(path)}" if path else "")
    if path:
        url = f"{_api(address)}/contents/{path_of(path)}?ref={commit}"
        reply = yield Question("HEAD", url, _JSON)
        if refused := replies.refused(reply, SITE):
            return refused
    return Found(Presence.THERE, replace(facts, address=where, page=where))


def _file(address: GitHub, facts: Facts, path: str) -> Looking:
    place = f"{address.owner}/{address.name}/{facts.commit}/{path_of(path)}"
    reply = yield Question("HEAD", f"{RAW}/{place}", {"Accept-Encoding": "identity"})
    if refused := replies.refused(reply, SITE):
        return refused
    page = f"{address.repository}/blob/{facts.commit}/{path_of(path)}"
    name = path.rpartition("/")[2]
    facts = replace(
        facts,
        address=page,
        page=page,
        download=f"{RAW}/{place}",
        title=name,
        file_name=name,
        size_bytes=replies.size(reply.headers.get("content-length")),
    )
    return Found(Presence.THERE, facts)


def _release(address: GitHub, facts: Facts) -> Looking:
    url = f"{_api(address)}/releases/tags/{quote(address.ref, safe='')}"
    reply = yield Question("GET", url, _JSON, MOST_JSON_BYTES)
    if refused := replies.refused(reply, SITE):
        return refused
    said = replies.said_in(reply)
    if said is None:
        return replies.unlike(SITE)
    found = yield from _commit(replace(address, path=""), address.ref)
    if isinstance(found, Found):
        return found
    page = f"{address.repository}/releases/tag/{path_of(address.ref)}"
    title = replies.text(said.get("name"))
    facts = replace(
        facts,
        address=page,
        page=page,
        title=title or f"{facts.title or address.name} {address.ref}",
        description=replies.text(said.get("body"), replies.LONGEST_TEXT) or facts.description,
        version=address.ref,
        commit=found[0],
        ref=address.ref,
        created=replies.moment(said.get("published_at")),
    )
    return (
        Found(Presence.THERE, facts)
        if address.part is Part.RELEASE
        else _asset(address, facts, said)
    )


def _asset(address: GitHub, facts: Facts, said: dict[str, Any]) -> Found:
    assets = said.get("assets")
    known = [one for one in assets if isinstance(one, dict)] if isinstance(assets, list) else []
    asset = next((one for one in known if one.get("name") == address.path), None)
    if asset is None:
        return Found(Presence.GONE, detail=f"{SITE} has no {address.path} in that release.")
    url = f"{address.repository}/releases/download/{path_of(address.ref)}/{path_of(address.path)}"
    kind = Reply(200, url, {"content-type": replies.text(asset.get("content_type"))})
    return Found(
        Presence.THERE,
        replace(
            facts,
            address=url,
            download=url,
            title=address.path,
            file_name=address.path,
            size_bytes=replies.size(asset.get("size")),
            media_type=replies.media_type(kind),
            sha256=replies.digest(asset.get("digest")).removeprefix("sha256:"),
            modified=replies.moment(asset.get("updated_at")),
        ),
    )
