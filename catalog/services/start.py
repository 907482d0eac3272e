"""What has to be true before a catalog runs: tables, its address, and somebody who may begin."""

import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, exists, select

from catalog.database import Database
from catalog.domain.errors import Unauthenticated, WrongState
from catalog.domain.permissions import Role
from catalog.migrations import bring_up_to_date
from catalog.parts import Parts
from catalog.services.accounts import actor_of_token, create_token
from catalog.services.readiness import set_fact
from catalog.settings import SANDBOX, TEST_PREFIX
from catalog.tables import BaseUsed, Doi, Fact, File

LOCAL = "local"
"""The account that owns the samples, and whose token lies in the data folder."""

BASE = "base"
"""Name of the fact that says under which address the catalog was started last."""

REGISTRAR = "registrar"
"""Name of the fact that says where the registrar of DOIs was at the last start."""

OBJECTS = "objects"
"""Name of the fact that says where the bytes of files are."""

BESIDE = "beside"
"""What the fact says of the S3 store that `serve --with-s3` runs; else it is the setting."""


def prepare_record(database: Database, base: str, *, now: datetime) -> None:
    """Bring the tables up to date, and write down that the catalog runs under `base`."""
    bring_up_to_date(database)
    with database.writing() as session:
        if session.get(BaseUsed, base) is None:
            session.add(BaseUsed(url=base, since=now))
        set_fact(session, BASE, base)


def base_of_last_start(database: Database) -> str | None:
    """Return the address under which the catalog ran last, None where it never did."""
    with database.reading() as session:
        return session.scalar(select(Fact.value).where(Fact.name == BASE))


def keep_registrar(database: Database, name: str, address: str) -> None:
    """Write down who registers DOIs, and where.

    The first start with a registrar that is none for trying out forgets the DOIs of the sandbox,
    which were tests and resolve nowhere: their items get others when they are published again.
    """
    with database.writing() as session:
        if name != SANDBOX:
            session.execute(delete(Doi).where(Doi.doi.startswith(f"{TEST_PREFIX}/")))
        set_fact(session, REGISTRAR, address)


def registrar_of_last_start(database: Database) -> str | None:
    """Return the address of the registrar of the last start, None where there was none."""
    with database.reading() as session:
        return session.scalar(select(Fact.value).where(Fact.name == REGISTRAR))


def keep_objects_in(database: Database, place: str) -> None:
    """Write down where the bytes of files are; WrongState where they are elsewhere already."""
    with database.writing() as session:
        fact = session.get(Fact, OBJECTS)
        if fact is not None and fact.value != place and session.scalar(select(exists(File))):
            raise WrongState(
                f"This catalog keeps its files in {_PLACES[fact.value]}; "
                f"in {_PLACES[place]} they would be missing."
            )
        set_fact(session, OBJECTS, place)


_PLACES = {
    "files": "the data folder (objects = files)",
    "s3": "an S3 store (objects = s3)",
    BESIDE: "the S3 store beside it (serve --with-s3)",
}


def objects_are_beside(database: Database) -> bool:
    """Tell whether the bytes of files are in the S3 store that `serve --with-s3` runs."""
    with database.reading() as session:
        return session.scalar(select(Fact.value).where(Fact.name == OBJECTS)) == BESIDE


def known_bases(database: Database) -> tuple[str, ...]:
    """Return every base address that this catalog ran under, the longest first."""
    with database.reading() as session:
        found = session.scalars(select(BaseUsed.url)).all()
    return tuple(sorted(found, key=lambda base: (-len(base), base)))


def local_token(parts: Parts, file: Path, *, now: datetime) -> str:
    """Return the token in `file`, or make one there, for the account that may do everything.

    The file is readable by its owner alone.
    """
    if (token := _still_valid(parts, file, now)) is not None:
        return token
    token = create_token(parts, LOCAL, Role.ADMIN, now=now)
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(token + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
    return token


def _still_valid(parts: Parts, file: Path, now: datetime) -> str | None:
    """Return the token in the file, unless it is of another record, or revoked."""
    if not file.exists():
        return None
    token = file.read_text().strip()
    try:
        actor_of_token(parts, token, now=now)
    except Unauthenticated:
        return None
    return token
