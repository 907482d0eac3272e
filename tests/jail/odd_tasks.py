"""Tasks that misbehave on purpose, for the pool to survive."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

from catalog.domain.errors import Forbidden, NotConforming, Unreadable

Answer = tuple[dict[str, Any], bytes]


def prepare() -> dict[str, Any]:
    return {
        "echo": lambda header, body: (header, body),
        "sleep": sleep,
        "spin": spin,
        "burn": burn,
        "allocate": allocate,
        "hold": hold,
        "segfault": lambda header, body: ctypes.string_at(0),
        "abort": lambda header, body: os.abort(),
        "leave": lambda header, body: os._exit(3),
        "recurse": recurse,
        "bug": lambda header, body: {}["nothing"],
        "inflate": lambda header, body: ({}, bytes(header["bytes"])),
        "babble": babble,
        "refuse": refuse,
        "see": see,
        "open": read,
    }


def broken() -> dict[str, Any]:
    raise RuntimeError("this kind cannot be loaded")


def sleep(header: dict[str, Any], body: bytes) -> Answer:
    time.sleep(header["seconds"])
    return {}, b""


def spin(header: dict[str, Any], body: bytes) -> Answer:
    while True:
        pass


def burn(header: dict[str, Any], body: bytes) -> Answer:
    until = time.process_time() + header["seconds"]
    while time.process_time() < until:
        pass
    return {"pid": os.getpid()}, b""


def allocate(header: dict[str, Any], body: bytes) -> Answer:
    return {"bytes": len(bytearray(header["bytes"]))}, b""


def hold(header: dict[str, Any], body: bytes) -> Answer:
    held = bytearray(header["bytes"])
    for place in range(0, len(held), 4096):
        held[place] = 1
    time.sleep(header["seconds"])
    return {}, b""


def recurse(header: dict[str, Any], body: bytes) -> Answer:
    return recurse(header, body)


def babble(header: dict[str, Any], body: bytes) -> Answer:
    """Write what is no frame, as a worker that was taken over might."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, bytes.fromhex(header["hex"]))
        except OSError:
            continue
    time.sleep(60)
    return {}, b""


def refuse(header: dict[str, Any], body: bytes) -> Answer:
    kind = header["kind"]
    if kind == "unreadable":
        raise Unreadable("line two is odd", line=2, column=7)
    if kind == "report":
        raise NotConforming("no", {"conforms": False})
    raise Forbidden("a worker must not say this")


def see(header: dict[str, Any], body: bytes) -> Answer:
    """Tell what of its parent the worker can see."""
    return {
        "environment": dict(os.environ),
        "descriptors": sorted(int(end.name) for end in Path("/proc/self/fd").iterdir()),
        "group": os.getpgrp(),
        "session": os.getsid(0),
        "pid": os.getpid(),
        "handlers": int(signal.getsignal(signal.SIGINT)),
        "folder": str(Path.cwd()),
    }, b""


def read(header: dict[str, Any], body: bytes) -> Answer:
    try:
        return {"refused": False}, Path(header["path"]).read_bytes()
    except PermissionError:
        return {"refused": True}, b""
