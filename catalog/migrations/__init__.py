"""How the record's tables came to be, step by step, and how a database is brought up to date."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalog.database import Database
from catalog.domain.errors import Unavailable


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def bring_up_to_date(database: Database) -> None:
    """Run the steps that the database lacks, all in one transaction.

    Raises Unavailable where the database is of a newer release than this program: going on would
    write what the newer one no longer understands.
    """
    with as_file(files("catalog.migrations")) as folder:
        config = _config(str(folder))
        known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
        with database.writing() as session:
            connection = session.connection()
            at = MigrationContext.configure(connection).get_current_revision()
            if at is not None and at not in known:
                raise Unavailable(
                    f"The record is at step {at}, which this release does not know; "
                    "use the release that wrote it, or a newer one."
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def is_up_to_date(database: Database) -> bool:
    """Tell whether the database has every step of this release."""
    with as_file(files("catalog.migrations")) as folder:
        head = ScriptDirectory.from_config(_config(str(folder))).get_current_head()
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision() == head
