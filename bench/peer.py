"""The peer of the figures over HTTP: what the same server does with next to no program."""

import os
import tempfile
from pathlib import Path

from flask import Flask, Response, request

_CHUNK = 1 << 20
_FOLDER = Path(os.environ.get("BENCH_PEER_FOLDER", tempfile.gettempdir()))

app = Flask(__name__)


@app.get("/")
def trivial() -> Response:
    """Answer a small page."""
    return Response("<!DOCTYPE html><title>Peer</title><p>Nothing", content_type="text/html")


@app.put("/files/<name>")
def put_file(name: str) -> Response:
    """Copy the body into a file and sync it: what keeping bytes costs without any check."""
    with (_FOLDER / name).open("xb") as file:
        while chunk := request.stream.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Response(status=201)


@app.get("/files/<name>")
def get_file(name: str) -> Response:
    """Send the file back in chunks."""

    def chunks():  # type: ignore[no-untyped-def]
        with (_FOLDER / name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    size = str((_FOLDER / name).stat().st_size)
    return Response(chunks(), headers={"Content-Length": size})


@app.delete("/files/<name>")
def delete_file(name: str) -> Response:
    """Remove the file."""
    (_FOLDER / name).unlink()
    return Response(status=204)
