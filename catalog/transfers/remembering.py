"""What a machine remembers of uploads that are under way, so that they go on after a break.

The state of an upload is on the server; here is only which one it is, and the digest of the file,
which takes long to compute anew.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from catalog.transfers.reading import State


@dataclass(frozen=True, slots=True)
class Remembered:
    """An upload under way. `upload` is its id on the server, None before that gave one."""

    server: str
    item: str
    name: str
    file: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    upload: str | None = None

    def is_of(self, file: Path, state: State) -> bool:
        """Tell whether it is about that file, as it is now."""
        return (self.file, self.size_bytes, self.mtime_ns) == (
            str(file.resolve()),
            state.size_bytes,
            state.mtime_ns,
        )


class Memory:
    """A folder with a small file for each upload under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, server: str, item: str, name: str) -> Remembered | None:
        """Return what is known of an upload; None also where that cannot be read."""
        try:
            said = json.loads(self._path(server, item, name).read_text())
            found = Remembered(**said)
        except (OSError, ValueError, TypeError):
            return None
        return found if (found.server, found.item, found.name) == (server, item, name) else None

    def keep(self, one: Remembered) -> None:
        """Remember an upload; a folder that cannot be written only makes resuming slower."""
        path = self._path(one.server, one.item, one.name)
        draft = path.with_suffix(f".{os.getpid()}.new")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft.write_text(json.dumps(asdict(one)))
            draft.replace(path)

    def forget(self, server: str, item: str, name: str) -> None:
        """Forget an upload, which is over."""
        with suppress(OSError):
            self._path(server, item, name).unlink(missing_ok=True)

    def _path(self, server: str, item: str, name: str) -> Path:
        key = hashlib.sha256(json.dumps([server, item, name]).encode()).hexdigest()
        return self._folder / f"{key[:32]}.json"


def usual_memory() -> Memory:
    """Return that of this user, in the folder that the XDG specification has for state."""
    folder = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    return Memory(folder / "sage-catalog" / "uploads")
