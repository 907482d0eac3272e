"""The parts of a running registrar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from catalog.sandbox.faults import Faults
from catalog.sandbox.journal import Journal
from catalog.sandbox.repositories import Repository
from catalog.sandbox.store import Kept, Store


@dataclass(frozen=True)
class Registrar:
    """What a registrar keeps.

    repositories  by their id in small letters
    stopping      set once it ends, so that nothing hangs on
    """

    store: Store
    journal: Journal
    faults: Faults
    repositories: Mapping[str, Repository]
    stopping: Event

    @classmethod
    def in_folder(cls, folder: Path, repositories: Iterable[Repository]) -> "Registrar":
        """Return a registrar over a folder, which is made where there is none."""
        by_uid = {repository.uid: repository for repository in repositories}
        return cls(Store(folder), Journal(folder), Faults(), by_uid, Event())

    def repository_of(self, kept: Kept) -> Repository:
        """Return whose a DOI is, even where that repository is not configured any more."""
        gone = Repository(kept.repository.upper(), "", (kept.prefix,))
        return self.repositories.get(kept.repository, gone)

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()
        self.journal.close()
