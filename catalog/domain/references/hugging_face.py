"""What Hugging Face says about a repository of a model or data set, or a file of one."""

from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from catalog.domain.references import replies
from catalog.domain.references.addresses import HuggingFace, path_of
from catalog.domain.references.asking import (
    MOST_JSON_BYTES,
    Facts,
    Found,
    Looking,
    Presence,
    Question,
    Reply,
)

SITE: Final = "Hugging Face"
HOME: Final = "https://huggingface.co"
_WANTED: Final = {
    "models": ("sha", "lastModified", "createdAt", "cardData", "tags"),
    "datasets": ("sha", "lastModified", "createdAt", "cardData", "tags", "description"),
    "spaces": ("sha", "lastModified", "createdAt", "cardData", "tags"),
}
_DEFAULT_BRANCH: Final = "main"
_MOST_REDIRECTS: Final = 3


def look(address: HuggingFace) -> Looking:
    """Return what Hugging Face says."""
    return (yield from _file(address) if address.path else _repository(address))


def _repository(address: HuggingFace) -> Looking:
    at = f"/revision/{quote(address.revision, safe='')}" if address.revision else ""
    wanted = "&".join(f"expand[]={name}" for name in _WANTED[address.collection])
    url = f"{HOME}/api/{address.collection}/{quote(address.repository)}{at}?{wanted}"
    reply = yield Question("GET", url, {"Accept": "application/json"}, MOST_JSON_BYTES)
    if refused := _refused(reply):
        return refused
    said = replies.said_in(reply)
    commit = replies.commit(said.get("sha")) if said else ""
    if said is None or not commit:
        return replies.unlike(SITE)
    card = said.get("cardData")
    card = card if isinstance(card, dict) else {}
    page = f"{address.page}/tree/{commit}"
    return Found(
        Presence.THERE,
        Facts(
            page,
            page=page,
            title=replies.text(card.get("pretty_name")) or address.repository.rpartition("/")[2],
            description=replies.text(said.get("description"), replies.LONGEST_TEXT),
            license=_license(card, said.get("tags")),
            keywords=_keywords(card.get("tags")),
            modified=replies.moment(said.get("lastModified")),
            created=replies.moment(said.get("createdAt")),
            commit=commit,
            ref="" if address.revision == commit else address.revision or _DEFAULT_BRANCH,
        ),
    )


def _refused(reply: Reply) -> Found | None:
    """Return what a reply means that is no success.

    To somebody without an account the hub answers 401 for what does not exist as for what is not
    public: which of the two it is, its error says where it tells them apart.
    """
    if reply.status == 401 and reply.headers.get("x-error-code") == "RepoNotFound":
        detail = f"{SITE} has nothing there that everybody may see."
        return Found(Presence.GONE, detail=detail)
    return replies.refused(reply, SITE)


def _license(card: dict[str, Any], tags: Any) -> str:
    """Return the licence of the card; that of a list is the first, "other" is none."""
    said = card.get("license")
    said = said[0] if isinstance(said, list) and said else said
    if not said and isinstance(tags, list):
        marked = [one for one in tags if isinstance(one, str) and one.startswith("license:")]
        said = marked[0].partition(":")[2] if marked else ""
    if said == "other":
        said = card.get("license_name")
    return replies.text(said) if said != "unknown" else ""


def _keywords(raw: Any) -> tuple[str, ...]:
    listed = raw[:20] if isinstance(raw, list) else []
    return tuple(word for word in map(replies.text, listed) if word and ":" not in word)


def _file(address: HuggingFace) -> Looking:
    """Ask for the headers of a file; those before a redirect to the bytes say what it is."""
    revision = address.revision or _DEFAULT_BRANCH
    url = f"{address.page}/resolve/{quote(revision, safe='')}/{path_of(address.path)}"
    for _ in range(_MOST_REDIRECTS):
        headers = {"Accept-Encoding": "identity"}
        reply = yield Question("HEAD", url, headers, follows=False)
        target = reply.headers.get("location", "")
        if not 300 <= reply.status < 400 or _leads_to_bytes(reply, target):
            break
        url = urljoin(url, target)
    refused = (
        None if 300 <= reply.status < 400 and _leads_to_bytes(reply, target) else _refused(reply)
    )
    if refused:
        return refused
    commit = replies.commit(reply.headers.get("x-repo-commit"))
    fixed = f"{address.page}/resolve/{commit or revision}/{path_of(address.path)}"
    size = reply.headers.get("x-linked-size") or reply.headers.get("content-length")
    name = address.path.rpartition("/")[2]
    return Found(
        Presence.THERE,
        Facts(
            fixed,
            page=f"{address.page}/blob/{commit or revision}/{path_of(address.path)}",
            download=fixed,
            title=name,
            file_name=name,
            size_bytes=replies.size(size),
            etag=replies.etag(reply, "x-linked-etag") or replies.etag(reply),
            sha256=replies.sha256(replies.etag(reply, "x-linked-etag")),
            commit=commit,
            ref="" if revision == commit else revision,
        ),
    )


def _leads_to_bytes(reply: Reply, target: str) -> bool:
    """Tell whether a redirect is that to the store of the bytes, and not to another name."""
    return bool(urlsplit(target).netloc) or "x-linked-etag" in reply.headers
