"""Every setting of the catalog: its name, default and meaning, from environment or a TOML file."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from catalog.domain.writing import House

PREFIX = "SAGE_CATALOG_"


class BadSetting(Exception):
    """A setting has a name nobody knows or a value it cannot have; the sentence says which."""


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is `SAGE_CATALOG_{NAME}` in the environment, or `name` in the TOML file
    that `SAGE_CATALOG_CONFIG` names; the environment wins, and the command line wins over both."""

    data: Path = _setting(Path("data"), "Folder that holds everything the catalog keeps.")  # noqa: RUF009
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.")
    base_url: str = _setting(
        "", "Address under which the catalog is reached; default http://127.0.0.1:{port}."
    )
    title: str = _setting("Sage Catalog", "Name of the site, as pages show it.")
    database_url: str = _setting(
        "",
        "SQLAlchemy address of the record; default a SQLite file in the data folder.",
        secret=True,
    )
    objects: str = _setting("files", 'Where bytes are kept: "files" in the data folder, or "s3".')
    s3_endpoint: str = _setting("", "Host and port of the S3 store, for objects = s3.")
    s3_access_key: str = _setting("", "Access key of the S3 store.", secret=True)
    s3_secret_key: str = _setting("", "Secret key of the S3 store.", secret=True)
    s3_bucket: str = _setting("sage-catalog", "Bucket of the S3 store; made if absent.")
    s3_region: str = _setting("us-east-1", "Region of the S3 store.")
    s3_secure: bool = _setting(False, "Whether the S3 store is reached by HTTPS.")
    publisher_name: str = _setting(
        "Sage Continuum: Cyberinfrastructure for AI at the Edge",
        "Publisher of items whose description names none.",
    )
    publisher_ror: str = _setting("", "ROR IRI of that publisher.")
    contact_name: str = _setting("Sage Catalog", "Contact of items whose description names none.")
    contact_email: str = _setting("", "Mail address of that contact.")
    web_workers: int = _setting(2, "Web processes.")
    web_threads: int = _setting(64, "Threads of each web process.")
    judge_workers: int = _setting(2, "Jailed validators of each web process.")
    query_workers: int = _setting(2, "Jailed SPARQL workers of each web process.")
    query_seconds: int = _setting(10, "Time limit of a SPARQL query, in seconds.")
    query_seconds_signed_in: int = _setting(30, "The same for callers with an account.")
    query_rows: int = _setting(10_000, "Most rows in the answer of a SPARQL query.")
    query_bytes: int = _setting(10_000_000, "Most bytes in the answer of a SPARQL query.")
    query_text_bytes: int = _setting(16_384, "Longest SPARQL query taken.")
    judge_seconds: int = _setting(5, "Time limit of one validation, in seconds.")
    metadata_bytes: int = _setting(1_000_000, "Largest description taken.")
    file_bytes: int = _setting(50_000_000_000, "Largest file taken in one request.")
    free_bytes: int = _setting(
        200_000_000, "Space to leave on the disk; below it uploads are refused."
    )
    session_hours: int = _setting(12, "How long a sign-in lasts.")
    trusted_hosts: str = _setting(
        "", "Host names that requests may carry beside that of base_url, separated by commas."
    )

    @property
    def base(self) -> str:
        """The catalog's address, ending in exactly one slash."""
        return (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/") + "/"

    @property
    def house(self) -> House:
        """What every form says about this catalog."""
        return House(
            base=self.base,
            publisher_name=self.publisher_name,
            publisher_ror=self.publisher_ror,
            contact_name=self.contact_name,
            contact_email=self.contact_email,
        )

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the record."""
        return self.database_url or f"sqlite:///{(self.data / 'record.sqlite').absolute()}"


def _converted(name: str, kind: Any, value: Any) -> Any:
    try:
        if kind is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[
                str(value).lower()
            ]
        return kind(value)
    except (KeyError, ValueError, TypeError):
        raise BadSetting(f"{name} cannot be {value!r}; it is {kind.__name__}.") from None


def from_environment(
    environment: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings of this process.

    environment  default: that of the process
    overrides    what the command line said; entries that are None do not count

    Raises BadSetting for an unknown name, an unfit value or an unreadable file.
    """
    found = os.environ if environment is None else environment
    kinds = {entry.name: type(entry.default) for entry in fields(Settings)}
    kinds["data"] = Path
    values: dict[str, Any] = {}
    if config := found.get(PREFIX + "CONFIG"):
        values |= _from_file(Path(config), kinds)
    for name, kind in kinds.items():
        if (text := found.get(PREFIX + name.upper())) is not None:
            values[name] = _converted(PREFIX + name.upper(), kind, text)
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = _converted(name, kinds[name], value)
    if values.get("objects", "files") not in {"files", "s3"}:
        raise BadSetting('objects is "files" or "s3".')
    return Settings(**values)


def _from_file(path: Path, kinds: Mapping[str, type]) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, ValueError) as fault:
        raise BadSetting(f"The settings file {path} cannot be read: {fault}") from None
    if unknown := sorted(set(table) - set(kinds)):
        raise BadSetting(f"{path} names settings that do not exist: {', '.join(unknown)}.")
    return {name: _converted(f"{path}: {name}", kinds[name], table[name]) for name in table}


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return every setting with its variable, value, default and meaning; secrets are not shown."""
    lines = []
    for entry in fields(Settings):
        value = getattr(settings, entry.name)
        hidden = entry.metadata["secret"] and value
        lines.append(
            {
                "name": entry.name,
                "variable": PREFIX + entry.name.upper(),
                "value": "(set)" if hidden else _plain(value),
                "default": _plain(entry.default),
                "meaning": entry.metadata["meaning"],
            }
        )
    return lines


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
