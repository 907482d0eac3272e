"""The verbs that speak to a server: submit, publish, upload, download, query, login."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from catalog.cli.output import GOOD, Output, WrongUse
from catalog.cli.reading import media_type_of, read_source
from catalog.client import Client, Item

DEFAULT_URL = "http://127.0.0.1:8000"
_TOKENS = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")) / "sage-catalog" / "tokens.json"

_EXAMPLES = {
    "submit": """examples:
  sage-catalog submit model.ttl
  sage-catalog submit model.ttl --file model.onnx --file labels.txt --publish
  sage-catalog submit my-item/            a folder: one description, every other file uploaded
""",
    "publish": """examples:
  sage-catalog publish w62kz7rwhm
  sage-catalog publish w62kz7rwhm n4cd0ma2bj      both or neither; they may cite each other
""",
    "upload": """examples:
  sage-catalog upload w62kz7rwhm model.onnx labels.txt
""",
    "download": """examples:
  sage-catalog download w62kz7rwhm                 all files, into the folder w62kz7rwhm
  sage-catalog download w62kz7rwhm model.onnx --to .
""",
    "query": """examples:
  sage-catalog query 'SELECT ?item WHERE { ?item a ?type } LIMIT 5'
  sage-catalog query --format csv @question.rq
""",
    "login": """examples:
  sage-catalog login --url https://catalog.example.org     asks for the token
""",
}


def declare(verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of one of these verbs."""
    parser.epilog = _EXAMPLES[verb]
    parser.add_argument("--url", help=f"address of the catalog (SAGE_CATALOG_URL, {DEFAULT_URL})")
    parser.add_argument("--token", help="your token (SAGE_CATALOG_TOKEN, or that of `login`)")
    _DECLARATIONS.get(verb, lambda _parser: None)(parser)
    parser.set_defaults(run=_RUNS[verb])


def _declare_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE|DIR", help="the description; - for standard input")
    parser.add_argument("--file", action="append", type=Path, default=[], help="a file to upload")
    parser.add_argument("--type", dest="media_type", help="media type of the description")
    parser.add_argument("--publish", action="store_true", help="publish when all is uploaded")


def _declare_publish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="*", help="drafts to publish together")
    parser.add_argument("--samples", action="store_true", help="publish your drafts of samples")


def _declare_upload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)


def _declare_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID")
    parser.add_argument("names", metavar="FILE", nargs="*", help="names of files; all by default")
    parser.add_argument("--to", type=Path, help="folder to put them into (the id)")


def _declare_query(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help="the query; @FILE reads it from a file, - from input")
    parser.add_argument(
        "--format", default=None, help="json, xml, csv, tsv, ttl, nt, rdf, jsonld (a table)"
    )


def client_of(said: argparse.Namespace) -> Client:
    """Return the client that arguments, environment and kept tokens describe."""
    url = said.url or os.environ.get("SAGE_CATALOG_URL") or DEFAULT_URL
    if not url.startswith(("http://", "https://")):
        raise WrongUse(f"{url} is not the address of a catalog; it begins with http:// or https://")
    token = said.token or os.environ.get("SAGE_CATALOG_TOKEN") or _kept_tokens().get(_key(url))
    return Client(url, token)


def _key(url: str) -> str:
    return url.rstrip("/")


def _kept_tokens() -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(_TOKENS.expanduser().read_text())
    except (OSError, ValueError):
        return {}
    return kept


def _login(said: argparse.Namespace, output: Output) -> int:
    import getpass

    url = said.url or os.environ.get("SAGE_CATALOG_URL") or DEFAULT_URL
    token = said.token or (
        getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    )
    if not token:
        raise WrongUse("no token was given")
    next(Client(url, token).items(owner="-"), None)  # refuses a token that is not valid
    path = _TOKENS.expanduser()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _kept_tokens() | {_key(url): token}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(kept, opened)
    output.result({"url": url, "kept_in": str(path)}, f"Signed in to {url}.")
    return GOOD


def _submit(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    description, files = _described(said)
    source = read_source(description)
    media_type = said.media_type or media_type_of(description)
    if not files:
        item = client.submit(source, media_type, publish=said.publish)
    else:
        item = client.submit(source, media_type)
        for name, file in files:
            _upload_one(client, item.id, name, file, output)
        item = client.item(item.id)
        if said.publish:
            client.publish(item)
            item = client.item(item.id)
    _tell_item(item, output)
    return GOOD


def _described(said: argparse.Namespace) -> tuple[str, list[tuple[str, Path]]]:
    """Return the description and the files to upload, each with the name it gets."""
    extra = [(file.name, file) for file in said.file]
    folder = Path(said.source)
    if not folder.is_dir():
        return said.source, extra
    inside = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    descriptions = [file for file in inside if media_type_of(str(file), strict=False)]
    top = [file for file in descriptions if file.parent == folder]
    if len(top) != 1:
        raise WrongUse(f"{folder} has {len(top)} descriptions at its top; one is needed")
    files = [(str(file.relative_to(folder)), file) for file in inside if file != top[0]]
    return str(top[0]), files + extra


def _upload_one(client: Client, item_id: str, name: str, file: Path, output: Output) -> Any:
    import mimetypes

    with output.progress(name, file.stat().st_size) as bar:
        return client.upload(
            item_id, name, file, media_type=mimetypes.guess_type(name)[0], moved=bar.to
        )


def _tell_item(item: Item, output: Output) -> None:
    report = item.said.get("report", {})
    output.result(dict(item.said), f"{item.said['iri']}  {item.said['state']}")
    blocking = [one for one in report.get("findings", ()) if one["severity"] == "violation"]
    if item.said["state"] == "draft" and blocking:
        output.say(f"{len(blocking)} finding(s) block publication:")
        for one in blocking:
            output.say(f"  {one['message']}")


def _publish(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    ids = list(said.ids)
    if said.samples:
        ids += [item["id"] for item in client.items(state="draft", owner="local")]
    if not ids:
        if said.samples:
            output.result({"items": {}}, "Every sample is published already.")
            return GOOD
        raise WrongUse("name at least one item, or --samples")
    answer = client.publish(*(client.item(item_id) for item_id in dict.fromkeys(ids)))
    lines = [f"{one['iri']}  {one['state']}" for one in answer["items"].values()]
    output.result(answer, "\n".join(lines))
    return GOOD


def _upload(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    kept = [_upload_one(client, said.id, file.name, file, output) for file in said.files]
    output.result(kept, "\n".join(f"{one['sha256']}  {one['name']}" for one in kept))
    return GOOD


def _download(said: argparse.Namespace, output: Output) -> int:
    client = client_of(said)
    offered = {file["name"]: file for file in client.files(said.id)}
    missing = [name for name in said.names if name not in offered]
    if missing:
        raise WrongUse(f"{said.id} has no file {missing[0]}")
    folder = said.to or Path(said.id)
    done = []
    for name in said.names or offered:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with output.progress(name, offered[name]["size_bytes"]) as bar:
            client.download(said.id, offered[name], target, moved=bar.to)
        done.append({"name": name, "path": str(target), "sha256": offered[name]["sha256"]})
    output.result(done, "\n".join(one["path"] for one in done))
    return GOOD


_ACCEPT = {
    "json": "application/sparql-results+json, application/ld+json;q=0.5",
    "xml": "application/sparql-results+xml, application/rdf+xml;q=0.5",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "jsonld": "application/ld+json",
}


def _query(said: argparse.Namespace, output: Output) -> int:
    form = said.format or ("json" if output.as_json else "table")
    if form not in _ACCEPT and form != "table":
        raise WrongUse(f"--format is one of {', '.join(_ACCEPT)}")
    text = said.query
    if text == "-" or text.startswith("@"):
        text = read_source(text.removeprefix("@")).decode("utf-8", "replace")
    accept = _ACCEPT.get(form, f"{_ACCEPT['json'].split(',')[0]}, text/turtle;q=0.5")
    answer = client_of(said).query(text, accept)
    sys.stdout.write(_as_table(answer) if form == "table" else answer.decode())
    return GOOD


def _as_table(answer: bytes) -> str:
    """Return results as lines of columns; a graph or a yes or no as it is."""
    try:
        said = json.loads(answer)
    except ValueError:
        return answer.decode()
    if "boolean" in said:
        return f"{'yes' if said['boolean'] else 'no'}\n"
    names = said["head"]["vars"]
    rows = [
        [row.get(name, {}).get("value", "").replace("\n", " ") for name in names]
        for row in said["results"]["bindings"]
    ]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [names, ["-" * width for width in widths], *rows]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )


_DECLARATIONS = {
    "submit": _declare_submit,
    "publish": _declare_publish,
    "upload": _declare_upload,
    "download": _declare_download,
    "query": _declare_query,
}
_RUNS = {
    "login": _login,
    "submit": _submit,
    "publish": _publish,
    "upload": _upload,
    "download": _download,
    "query": _query,
}
