"""Before a checkpoint becomes the current one, everything in it has been synced to the disk."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from catalog.adapters.triples_oxigraph import OxigraphTriples
store = OxigraphTriples(Path(sys.argv[1]), keep_seconds=60.0)
def graph(n, of):
    return f'<http://example.org/{n}> <http://example.org/p> "{of} {n}" .\\n' * 1
names = [f"http://example.org/{n}" for n in range(200)]
store.rebuild([(name, graph(n, "first")) for n, name in enumerate(names)], "recipe", print)
for number in range(5):
    store.show({name: graph(n, number) for n, name in enumerate(names) if n % 5 == number})
store.close()
"""

BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")
WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
FILE = re.compile(r"^\d+<([^>]*)>")


def calls(trace: str) -> Iterator[tuple[str, str]]:
    """Yield name and arguments of each call that succeeded, in the order in which they ended."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        if found := BEGUN.match(line):
            begun[found[1]] = found[3]
        elif found := RESUMED.match(line):
            arguments = begun.pop(found[1], "") + found[3]
            if not found[4].startswith("-"):
                yield found[2], arguments
        elif (found := WHOLE.match(line)) and not found[4].startswith("-"):
            yield found[2], found[3]


@dataclass
class Disk:
    """What a power cut would take from `folder`, as far as the calls of one process tell."""

    folder: str
    unsynced: set[str] = field(default_factory=set)
    synced: set[str] = field(default_factory=set)
    pointed: int = 0
    lost: list[str] = field(default_factory=list)

    def see(self, name: str, arguments: str) -> None:
        """Take account of one call."""
        file = FILE.match(arguments)
        # The engine truncates a file after its sync to what was written: room for more is given
        # back, no byte is lost. So `ftruncate` does not count.
        if name in {"write", "pwrite64", "writev"} and file:
            self.unsynced |= {file[1]} if file[1].startswith(self.folder) else set()
        elif name in {"fsync", "fdatasync"} and file:
            self.unsynced.discard(file[1])
            self.synced.add(file[1])
        elif name in {"link", "linkat"}:
            old, new = TEXT.findall(arguments)
            self.unsynced |= {new} if old in self.unsynced else set()
        elif name in {"rename", "renameat", "renameat2"}:
            self._rename(*TEXT.findall(arguments))

    def _rename(self, old: str, new: str) -> None:
        moved = {path for path in self.unsynced if path == old or path.startswith(f"{old}/")}
        self.unsynced -= moved
        self.unsynced |= {path.replace(old, new, 1) for path in moved}
        if new == f"{self.folder}/current":
            self.pointed += 1
            self.lost += [p for p in self.unsynced if "/checkpoints/" in p or p == new]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_nothing_that_a_pointer_names_can_be_lost_by_a_power_cut(tmp_path: Path) -> None:
    kinds = "trace=write,pwrite64,writev,fsync,fdatasync,link,linkat,rename,renameat"
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-qq", "-e", f"{kinds},renameat2", "-o", str(trace)]
    folder = tmp_path / "graph"
    done = subprocess.run(
        [*command, sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "ptrace" in done.stderr.lower():
        pytest.skip("this machine does not let processes be traced")
    assert done.returncode == 0, done.stderr
    disk = Disk(str(folder))
    for name, arguments in calls(trace.read_text(errors="replace")):
        disk.see(name, arguments)
    assert disk.pointed == 6
    assert disk.lost == []
    assert {str(folder), str(folder / "checkpoints")} <= disk.synced
    assert len([path for path in disk.synced if path.endswith(".sst")]) > 20
