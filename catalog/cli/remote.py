"""The verbs that speak to a server: submit, publish, login."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catalog.cli.output import BLOCKED, GOOD, Output, WrongUse, code_of
from catalog.cli.reading import Source, files_in, is_description, read_source
from catalog.client import Client, Item, Refused
from catalog.domain.errors import CatalogError
from catalog.transfers.remembering import usual_memory

DEFAULT_URL = "http://127.0.0.1:8000"

_EXAMPLES = {
    "submit": """examples:
  sage-catalog submit model.ttl
  sage-catalog submit model.ttl --file model.onnx --file labels.txt --publish
  sage-catalog submit my-item/            a folder: one description, every other file uploaded
  sage-catalog submit my-item.crate.zip   an RO-Crate, zipped or unzipped, with its files
""",
    "publish": """examples:
  sage-catalog publish w62kz7rwhm
  sage-catalog publish w62kz7rwhm n4cd0ma2bj      both or neither; they may cite each other
  sage-catalog publish w62kz7rwhm --visibility embargoed --until 2030-01-31
  sage-catalog publish w62kz7rwhm --visibility private --publish-at 2030-01-31
  sage-catalog publish --samples                  the real items, until their DOIs resolve
""",
    "login": """examples:
  sage-catalog login --url https://catalog.example.org     asks for the token
  sage-catalog login < token.txt
""",
}


def declare(verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of one of these verbs."""
    parser.epilog = _EXAMPLES[verb]
    declare_server(parser)
    _DECLARATIONS[verb](parser)
    parser.set_defaults(run=_RUNS[verb])


def declare_server(parser: argparse.ArgumentParser) -> None:
    """Declare where the server is and who asks it."""
    parser.add_argument("--url", help=f"address of the catalog (SAGE_CATALOG_URL, {DEFAULT_URL})")
    parser.add_argument("--token", help="your token (SAGE_CATALOG_TOKEN, or that of `login`)")


def _declare_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE|DIR", help="the description; - for standard input")
    parser.add_argument("--file", action="append", type=Path, default=[], help="a file to upload")
    parser.add_argument("--type", dest="media_type", help="media type of the description")
    parser.add_argument("--publish", action="store_true", help="publish when all is uploaded")


def _declare_publish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="*", help="drafts to publish together")
    parser.add_argument(
        "--samples",
        action="store_true",
        help="the real items that came with it: publish drafts, show all once their DOIs resolve",
    )
    parser.add_argument(
        "--visibility",
        default="public",
        metavar="WHO",
        help="public (default), restricted or embargoed (the files), shared or private",
    )
    parser.add_argument("--until", metavar="DATE", help="when an embargo ends, by itself")
    parser.add_argument(
        "--publish-at", metavar="DATE", help="when what is shared or private becomes public"
    )


def client_of(said: argparse.Namespace) -> Client:
    """Return the client that arguments, environment and kept tokens describe."""
    url = _url(said)
    token = said.token or os.environ.get("SAGE_CATALOG_TOKEN") or _kept_tokens().get(_key(url))
    return client_at(url, token)


def client_at(url: str, token: str | None = None) -> Client:
    """Return a client, or raise WrongUse where address or token cannot be one."""
    try:
        return Client(url, token)
    except ValueError as fault:
        raise WrongUse(f"{fault}.") from None


def _url(said: argparse.Namespace) -> str:
    return said.url or os.environ.get("SAGE_CATALOG_URL") or DEFAULT_URL


def _key(url: str) -> str:
    return url.rstrip("/")


def _tokens() -> Path:
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config")
    return folder.expanduser() / "sage-catalog" / "tokens.json"


def _kept_tokens() -> dict[str, str]:
    try:
        kept = json.loads(_tokens().read_text())
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _login(said: argparse.Namespace, output: Output) -> int:
    url = _url(said)
    token = said.token or _asked_token()
    if not token:
        raise WrongUse("No token was given.")
    next(client_at(url, token).items(limit="1"), None)  # refuses a token that is not valid
    path = _tokens()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(_kept_tokens() | {_key(url): token}, opened)
    draft.replace(path)
    output.result({"url": url, "kept_in": str(path)}, f"The token for {url} is kept in {path}.")
    return GOOD


def _asked_token() -> str:
    import getpass

    asked = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    return asked.strip()


def _submit(said: argparse.Namespace, output: Output) -> int:
    with _sent(said) as (source, files):
        return _submit_all(said, source, files, output)


@contextmanager
def _sent(said: argparse.Namespace) -> Iterator[tuple[Source, list[tuple[str, Path]]]]:
    """Open what is to be submitted: the description, and the files with their names."""
    from catalog.cli import crates

    package = Path(said.source)
    if crates.is_crate(package):
        with crates.opened(package) as crate:
            extra = [(file.name, file) for file in said.file]
            yield Source(crate.metadata, crates.MEDIA_TYPE), [*crate.files, *extra]
        return
    description, files = _described(said)
    yield read_source(description, said.media_type), files


def _submit_all(
    said: argparse.Namespace, source: Source, files: list[tuple[str, Path]], output: Output
) -> int:
    client = client_of(said)
    _check_files(file for _, file in files)
    if not files:
        item = client.submit(*source, publish=said.publish)
    else:
        item = client.submit(*source)
        try:
            for name, file in files:
                _upload_one(client, item.id, name, file, output)
            item = client.item(item.id)
            if said.publish:
                client.publish(item)
                item = client.item(item.id)
        except CatalogError as fault:
            return _half_done(fault, item, output)
    _tell_item(item, output)
    return GOOD


def _half_done(fault: CatalogError, item: Item, output: Output) -> int:
    """Say what failed after the draft was kept, and which draft it is."""
    evidence = {**fault.evidence, "id": item.id, "iri": item.said["iri"]}
    code = output.fail_as(fault.detail, code_of(fault), evidence)
    output.say_findings(fault.evidence)
    output.say(
        f"The draft {item.said['iri']} is kept; go on with it by `sage-catalog upload {item.id} "
        f"FILE --resume` and `sage-catalog publish {item.id}`, or delete it."
    )
    return code


def _described(said: argparse.Namespace) -> tuple[str, list[tuple[str, Path]]]:
    """Return the description and the files to upload, each with the name it gets."""
    extra = [(file.name, file) for file in said.file]
    folder = Path(said.source)
    if not folder.is_dir():
        return said.source, extra
    inside = files_in(folder)
    top = [file for file in inside if file.parent == folder and is_description(file)]
    if len(top) != 1:
        found = "no description" if not top else f"{len(top)} descriptions"
        raise WrongUse(f"{folder} has {found} at its top (.ttl, .nt, .jsonld, .rdf), not one.")
    files = [(file.relative_to(folder).as_posix(), file) for file in inside if file != top[0]]
    return str(top[0]), files + extra


def _check_files(files: Iterable[Path]) -> None:
    """Open every file before the first is sent, so that a wrong one leaves nothing half done."""
    for file in files:
        with file.open("rb"):
            pass


def _upload_one(client: Client, item_id: str, name: str, file: Path, output: Output) -> Any:
    import mimetypes

    with output.progress(name, file.stat().st_size) as bar:
        return client.upload(
            item_id,
            name,
            file,
            media_type=mimetypes.guess_type(name)[0],
            moved=bar.to,
            memory=usual_memory(),
        )


def _tell_item(item: Item, output: Output) -> None:
    output.result(dict(item.said), f"{item.said['iri']}  {item.said['state']}")
    report = item.said.get("report") or {}
    blocking = [one for one in report.get("findings", ()) if one["severity"] == "violation"]
    if item.said["state"] == "draft" and blocking:
        what = "One finding blocks" if len(blocking) == 1 else f"{len(blocking)} findings block"
        output.say(f"{what} publication:")
        output.say_findings({"report": report})


def _publish(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    if said.samples:
        return _publish_samples(client, said.ids, output)
    if not said.ids:
        raise WrongUse("Name at least one item, or --samples.")
    with output.progress("Publishing", None):
        answer = client.publish(
            *(client.item(item_id) for item_id in dict.fromkeys(said.ids)),
            visibility=said.visibility,
            until=said.until,
            publish_at=said.publish_at,
        )
    output.result(answer, _published_lines(answer["items"]))
    return GOOD


def _publish_samples(client: Client, more: Sequence[str], output: Output) -> int:
    """Publish the real items that are drafts, and show all of them once their DOIs resolve."""
    samples = _sample_ids()
    found = [item for item in client.items() if item["id"] in samples]
    drafts = [item["id"] for item in found if item["state"] == "draft"]
    wanted = list(dict.fromkeys([*more, *drafts]))
    if wanted:
        with output.progress("Publishing", None):
            client.publish(*(client.item(item_id) for item_id in wanted))
    shown = dict.fromkeys([*more, *(item["id"] for item in found)])
    items = {item_id: _with_doi(client, item_id) for item_id in shown}
    with output.progress("Registering DOIs", len(items)) as bar:
        _wait_for_dois(client, items, bar.to)
    told = {
        item_id: {name: item.said[name] for name in ("iri", "state", "doi")}
        for item_id, item in items.items()
    }
    output.result({"items": told}, _published_lines(told))
    return GOOD if all(_is_settled(item) for item in items.values()) else BLOCKED


def _with_doi(client: Client, item_id: str) -> Item:
    """Return an item, after asking for the DOI that one published long ago may lack."""
    item = client.item(item_id)
    if item.said["state"] == "published" and item.said["doi"]["state"] == "none":
        try:
            client.publish(item)
        except Refused as fault:
            if fault.answered != _CONFLICT:
                raise
            return item  # its type gets none
        item = client.item(item_id)
    return item


_CONFLICT = 409


def _wait_for_dois(client: Client, items: dict[str, Item], moved: Callable[[int], None]) -> None:
    """Read the items again until each DOI resolves or is refused, for a minute at most."""
    deadline = time.monotonic() + _DOIS_SECONDS
    while waiting := [item_id for item_id, item in items.items() if not _is_settled(item)]:
        moved(len(items) - len(waiting))
        if any(items[item_id].said["doi"]["state"] == "failed" for item_id in waiting):
            return
        if time.monotonic() > deadline:
            return
        time.sleep(_LOOK_SECONDS)
        items |= {item_id: client.item(item_id) for item_id in waiting}


_DOIS_SECONDS = 60.0
_LOOK_SECONDS = 0.5


def _is_settled(item: Item) -> bool:
    """Tell whether nothing more is going to happen to the DOI of an item."""
    return item.said["doi"]["state"] in {"none", "findable", "hidden"}


def _published_lines(items: Mapping[str, Mapping[str, Any]]) -> str:
    lines = []
    for one in items.values():
        doi = one.get("doi") or {}
        named = f"  doi:{doi['version']} ({doi['state']})" if doi.get("version") else ""
        lines.append(f"{one['iri']}  {one['state']}{named}")
        if doi.get("problem"):
            lines.append(f"  {doi['problem']}")
    return "\n".join(lines)


def _sample_ids() -> frozenset[str]:
    from catalog.samples import files
    from catalog.services.samples import sample_id

    return frozenset(sample_id(file.read_bytes()) for file in files())


_DECLARATIONS = {
    "login": lambda _parser: None,
    "submit": _declare_submit,
    "publish": _declare_publish,
}
_RUNS = {
    "login": _login,
    "submit": _submit,
    "publish": _publish,
}
