"""A jailed worker: it loads what its tasks need, locks itself in, and answers until it is left.

The order matters: die with the parent, let go of everything inherited, load, give up memory and
files and folders, put the filter on, and only then look at what strangers sent.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from catalog.domain.errors import CatalogError
from catalog.jail import confinement, frames, refusals
from catalog.jail import filter as system_calls
from catalog.jail.limits import Limits

Task = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes]]
"""What a worker does with one request: header and body in, header and body out."""


class SourceUnreadable(Exception):
    """What the server itself gave the task to read is not there or broken: nobody's mistake."""


_PR_SET_PDEATHSIG = 1
_OWN_FRAMES = 3  # stdin, stdout, stderr


def main() -> None:
    """Serve the order in `sys.argv[1]` (see `child.order`) until standard input ends."""
    order = json.loads(sys.argv[1])
    _die_with(order["parent"])
    reader, writer = _let_go()
    try:
        tasks = _tasks_of(order["kind"], order["library"])
        limits = Limits(**order["limits"])
        _restrain(limits, order["sealed"])
        if order["readable"] is not None:
            confinement.confine(order["readable"])
        if order["sealed"]:
            system_calls.seal()
    except BaseException as error:  # noqa: BLE001 (whatever it is, the parent has to be told)
        frames.send(writer, frames.pack({"failed": "".join(traceback.format_exception(error))}))
        os._exit(1)
    frames.send(writer, frames.pack({"ready": os.getpid()}))
    with contextlib.suppress(frames.Ended, BrokenPipeError):
        _serve(tasks, limits, reader, writer)
    os._exit(0)


def _die_with(parent: int) -> None:
    """See to it that this process ends when its parent does, however that ends."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _let_go() -> tuple[int, int]:
    """Close what was inherited; return the two pipes, which no library can write into by chance."""
    os.closerange(_OWN_FRAMES, os.sysconf("SC_OPEN_MAX"))
    reader, writer = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(_OWN_FRAMES):
        os.dup2(nothing, standard)
    os.close(nothing)
    os.chdir("/")
    return reader, writer


def _tasks_of(kind: str, library: str | None) -> dict[str, Task]:
    """Return the tasks of `kind`, loaded: a name in `catalog.jail.tasks` or "module:function".

    library  the folder of vocabularies and shapes that its function is given, if any
    """
    given = [Path(library)] if library is not None else []
    module, _, prepare = kind.rpartition(":")
    source = importlib.import_module(module or "catalog.jail.tasks")
    tasks: Mapping[str, Task] = getattr(source, prepare)(*given)
    gc.collect()
    gc.freeze()
    return {"probe": _probe, **tasks}


def _probe(header: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    from catalog.jail.probe import probe  # loaded when wanted: it is asked once, at a start

    return probe(header, body)


def _restrain(limits: Limits, sealed: bool) -> None:
    """Give up memory, files and core dumps; be the first to go where memory is short."""

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = min(limits.open_files, most_files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    if sys.platform == "linux":
        with contextlib.suppress(OSError), Path("/proc/self/oom_score_adj").open("w") as it:
            it.write("1000")
    if sealed:
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _serve(tasks: Mapping[str, Task], limits: Limits, reader: int, writer: int) -> None:
    while True:
        header, body = frames.receive(reader)
        _allow_processor_time(limits.cpu_seconds)
        frames.send(writer, _answer(tasks, header, body))


def _allow_processor_time(seconds: int) -> None:
    """Move the soft limit of processor time, which counts over the whole life, ahead of now."""
    used = time.process_time()
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (min(wanted, most) if most >= 0 else wanted, most))


def _answer(tasks: Mapping[str, Task], header: dict[str, Any], body: bytes) -> bytes:
    """Return the frame that answers one request; nothing that goes wrong in a task ends the loop.

    A task out of memory leaves a worker in doubt: it says so, and the parent replaces it.
    """
    try:
        said, content = tasks[header["task"]](header, body)
        return frames.pack({"said": said}, content)
    except CatalogError as error:
        refusal = refusals.written(error)
        if refusal is not None:
            return frames.pack({"refused": refusal})
        return frames.pack({"broken": "bug", "trace": traceback.format_exc()})
    except MemoryError:
        return frames.pack({"broken": "memory"})
    except SourceUnreadable:
        return frames.pack({"broken": "source", "trace": traceback.format_exc()})
    except RecursionError:
        return frames.pack({"broken": "nesting"})
    except Exception:  # noqa: BLE001 (the parent logs it and replaces the worker)
        return frames.pack({"broken": "bug", "trace": traceback.format_exc()})
