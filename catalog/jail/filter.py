"""What the kernel refuses to a jailed process for ever: sockets, programs, processes, writing.

The filter is classic BPF for seccomp(2), written by ctypes alone, for Linux on x86-64 and arm64.
It names what is refused and lets the rest pass, because pyoxigraph, the allocator and CPython
need a changing set of harmless calls. Four traps decide its form:

- glibc makes processes by `clone`, so that call passes for threads only; `clone3` hides its
  flags behind a pointer and answers ENOSYS, whereupon glibc falls back to `clone`.
- a file size limit of zero still lets files be truncated, so opening for writing is refused by
  its flags, and `openat2`, which hides them, answers ENOSYS.
- x86-64 has a second range of numbers (x32) for the same calls: it kills.
- a process may signal itself, or `abort` could not say what it is.
"""

import ctypes
import errno
import os
import platform
import struct
import sys


def _numbers(table: str) -> dict[str, int]:
    """Return system calls by name from `name=number` words."""
    return {name: int(number) for name, number in (word.split("=") for word in table.split())}


# in both tables: sockets; programs, processes and signals; files; name spaces, the kernel itself
_REFUSED_X86_64 = _numbers(
    """
    socket=41 connect=42 accept=43 sendto=44 sendmsg=46 bind=49
    listen=50 socketpair=53 accept4=288 sendmmsg=307
    fork=57 vfork=58 execve=59 execveat=322 ptrace=101 kill=62
    tkill=200 rt_sigqueueinfo=129 rt_tgsigqueueinfo=297 process_vm_readv=310
    process_vm_writev=311 kcmp=312 pidfd_send_signal=424 pidfd_open=434
    pidfd_getfd=438 process_madvise=440 setpriority=141 sched_setaffinity=203
    truncate=76 ftruncate=77 rename=82 mkdir=83 rmdir=84 creat=85
    link=86 unlink=87 symlink=88 chmod=90 fchmod=91 chown=92
    fchown=93 lchown=94 utime=132 mknod=133 setxattr=188 lsetxattr=189
    fsetxattr=190 removexattr=197 lremovexattr=198 fremovexattr=199
    utimes=235 mkdirat=258 mknodat=259 fchownat=260 futimesat=261
    unlinkat=263 renameat=264 linkat=265 symlinkat=266 fchmodat=268
    utimensat=280 fallocate=285 renameat2=316 memfd_create=319
    fchmodat2=452 open_by_handle_at=304
    chroot=161 pivot_root=155 mount=165 umount2=166 unshare=272
    setns=308 open_tree=428 move_mount=429 fsopen=430 mount_setattr=442
    init_module=175 delete_module=176 finit_module=313 kexec_load=246
    add_key=248 request_key=249 keyctl=250 perf_event_open=298 bpf=321
    fanotify_init=300 userfaultfd=323 io_uring_setup=425 io_uring_enter=426
    io_uring_register=427 shmget=29 semget=64 msgget=68 mq_open=240
    """
)
_REFUSED_ARM64 = _numbers(
    """
    socket=198 socketpair=199 bind=200 listen=201 accept=202
    connect=203 sendto=206 sendmsg=211 accept4=242 sendmmsg=269
    execve=221 execveat=281 ptrace=117 kill=129 tkill=130
    rt_sigqueueinfo=138 rt_tgsigqueueinfo=240 process_vm_readv=270
    process_vm_writev=271 kcmp=272 pidfd_send_signal=424 pidfd_open=434
    pidfd_getfd=438 process_madvise=440 setpriority=140 sched_setaffinity=122
    setxattr=5 lsetxattr=6 fsetxattr=7 removexattr=14 lremovexattr=15
    fremovexattr=16 mknodat=33 mkdirat=34 unlinkat=35 symlinkat=36
    linkat=37 renameat=38 truncate=45 ftruncate=46 fallocate=47
    fchmod=52 fchmodat=53 fchownat=54 fchown=55 utimensat=88
    renameat2=276 memfd_create=279 fchmodat2=452 open_by_handle_at=265
    umount2=39 mount=40 pivot_root=41 chroot=51 unshare=97 setns=268
    open_tree=428 move_mount=429 fsopen=430 mount_setattr=442
    kexec_load=104 init_module=105 delete_module=106 finit_module=273
    add_key=217 request_key=218 keyctl=219 perf_event_open=241 bpf=280
    fanotify_init=262 userfaultfd=282 io_uring_setup=425 io_uring_enter=426
    io_uring_register=427 mq_open=180 msgget=186 semget=190 shmget=194
    """
)
_CLONE3, _OPENAT2 = 435, 437  # the same on both machines


class _Machine:
    """The numbers of one processor: its audit name, the calls with a condition, the refused."""

    def __init__(self, audit: int, refused: dict[str, int], **conditional: int) -> None:
        self.audit = audit
        self.refused = refused
        self.call = conditional


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E, _REFUSED_X86_64, seccomp=317, clone=56, open=2, openat=257,
        tgkill=234, prlimit64=302,
    ),
    "aarch64": _Machine(
        0xC00000B7, _REFUSED_ARM64, seccomp=277, clone=220, openat=56, tgkill=131, prlimit64=261,
    ),
}  # fmt: skip

# classic BPF: load a word, compare for equal, at least, any bit; return
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_REFUSE, _UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

# offsets into struct seccomp_data; both machines are little-endian: the low word comes first
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_RANGE = 0x40000000
_CLONE_THREAD = 0x00010000
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 38, 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def can_seal() -> bool:
    """Tell whether this machine has the filter: Linux on x86-64 or arm64, 64 bits, seccomp on."""
    return (
        sys.platform == "linux"
        and platform.machine() in _MACHINES
        and sys.maxsize > 1 << 32
        and os.path.exists("/proc/sys/kernel/seccomp")  # noqa: PTH110 (pathlib is not imported here)
    )


def seal() -> None:
    """Put the filter on every thread of this process; nothing takes it off again.

    Raises OSError where the kernel does not take it: the caller must not go on then.
    """
    instructions = program(os.getpid())
    raw = b"".join(instructions)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    given = _Program(len(instructions), ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel refuses no_new_privs")
    number = _MACHINES[platform.machine()].call["seccomp"]
    if libc.syscall(
        number, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(given)
    ):
        raise OSError(ctypes.get_errno(), "the kernel refuses the seccomp filter")


def program(own_pid: int, machine_name: str | None = None) -> list[bytes]:
    """Return the filter as instructions of eight bytes.

    own_pid       the only process that the sealed one may signal, as `abort` does
    machine_name  as `platform.machine()` says it; this machine's if not given
    """
    machine = _MACHINES[machine_name or platform.machine()]
    call = machine.call
    return [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, _X32_RANGE, 0, 1),
        _step(_RETURN, _KILL),
        *_by_bits(call["clone"], 0, _CLONE_THREAD, if_any=_ALLOW, if_none=_REFUSE),
        *_by_bits(call["openat"], 2, _WRITING, if_any=_REFUSE, if_none=_ALLOW),
        *(_by_bits(call["open"], 1, _WRITING, _REFUSE, _ALLOW) if "open" in call else ()),
        *_by_bits(call["prlimit64"], 0, 0xFFFFFFFF, if_any=_REFUSE, if_none=_ALLOW),
        *_by_value(call["tgkill"], 0, own_pid),
        *_always(_CLONE3, _UNKNOWN),
        *_always(_OPENAT2, _UNKNOWN),
        *(step for number in machine.refused.values() for step in _always(number, _REFUSE)),
        _step(_RETURN, _ALLOW),
    ]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _always(number: int, verdict: int) -> list[bytes]:
    return [_step(_EQUAL, number, 0, 1), _step(_RETURN, verdict)]


def _by_bits(number: int, argument: int, bits: int, if_any: int, if_none: int) -> list[bytes]:
    """Judge one call by whether its argument has any of `bits`."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, _ARGUMENTS + 8 * argument),
        _step(_ANY_BIT, bits, 0, 1),
        _step(_RETURN, if_any),
        _step(_RETURN, if_none),
    ]


def _by_value(number: int, argument: int, value: int) -> list[bytes]:
    """Let one call pass only where its argument is `value`."""
    return [
        _step(_EQUAL, number, 0, 4),
        _step(_LOAD, _ARGUMENTS + 8 * argument),
        _step(_EQUAL, value, 0, 1),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _REFUSE),
    ]
