"""The parts that a service works with, as one value that only the bootstrap puts together."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from catalog.database import Database
from catalog.library import Library
from catalog.ports import IdentityProvider, Judge, ObjectStore, Queries, Remote, Verifier
from catalog.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a service may reach, and nothing else.

    checkpoint  opens a block with the folder of what queries read now, which stays until its end;
                raises Unavailable before the first
    bases       every base address that this catalog ran under; IRIs under them are its own
    remote      asks sites elsewhere; None where nobody may be asked
    verifiers   who know the tokens that the catalog did not make, in the order of being asked
    provider    where people sign in who have their account elsewhere; None for nowhere
    """

    settings: Settings
    library: Library
    database: Database
    objects: ObjectStore
    judge: Judge
    queries: Queries
    checkpoint: Callable[[], AbstractContextManager[Path]]
    bases: tuple[str, ...]
    verifiers: tuple[Verifier, ...] = ()
    remote: Remote | None = None
    provider: IdentityProvider | None = None
