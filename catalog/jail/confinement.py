"""Which folders a jailed process may read: its own code and what it was given, by Landlock.

The filter cannot look at paths, so without this a worker that was taken over could read whatever
its user can, the record and the operator's token among it. Linux 5.13 and newer; by ctypes alone.
It holds for the thread that asks and for those which that thread starts later, so no other may run.
"""

import contextlib
import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_ASK_VERSION, _PATH_BENEATH, _PR_SET_NO_NEW_PRIVS = 1, 1, 38
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")


def can_confine() -> bool:
    """Tell whether the kernel has Landlock and it is switched on."""
    if sys.platform != "linux":
        return False
    return bool(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION) > 0)


def confine(readable: Iterable[str]) -> None:
    """Let this process read only `readable`, its own packages, Python and the system's libraries.

    readable  folders that exist; what is put into them later is readable as well

    Nothing takes it off again. Raises OSError where the kernel does not take it, a folder is not
    there, or another thread runs, which would go on reading.
    """
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        raise OSError("a process with several threads cannot be confined")
    libc = _libc()
    handled = struct.pack("Q", _EXECUTE | _READ_FILE | _READ_DIR)
    rules = _checked(libc.syscall(_CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), 0))
    try:
        for path in readable:
            _allow(libc, rules, path)
        for path in (*_own_code(), *_SYSTEM_LIBRARIES):
            with contextlib.suppress(FileNotFoundError):
                _allow(libc, rules, path)
        _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(libc.syscall(_RESTRICT_SELF, rules, 0))
    finally:
        os.close(rules)


def _own_code() -> list[str]:
    """Return the folders of our packages and of Python's, never one that may hold data as well."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    python = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    installed = [path for path in sys.path if path.endswith("-packages")]
    ours = [f"{root}/{package}" for package in ("catalog", "vocab", "shapes")]
    return [*ours, *installed, *sorted(python)]


def _allow(libc: ctypes.CDLL, rules: int, path: str) -> None:
    beneath = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, beneath)
        _checked(libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0))
    finally:
        os.close(beneath)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "the kernel refuses Landlock")
    return result
