"""Every setting of the catalog: its name, default and meaning, from environment or a TOML file."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from catalog.domain.identifiers import RECORD
from catalog.domain.writing import House

PREFIX = "SAGE_CATALOG_"

_BESIDE = frozenset({"CONFIG", "URL", "TOKEN"})
"""Variables of ours that are no settings: where these stand, and what commands are told."""


TEST_PREFIX = "10.5072"
"""The prefix of DOIs that the sandbox registers; nobody else registers any of it."""


SANDBOX = "sandbox"
"""The registrar for trying out, which `serve` starts beside the catalog."""

SANDBOX_ACCOUNT = ("SAGE.SANDBOX", "sandbox")
"""The account, and its password, that the sandbox has by itself; it is no secret."""

_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]+)+")
"""A domain as OAI identifiers may have one (guidelines for OAI identifiers, section 2.1)."""

_PREFIX_OF_DOIS = re.compile(r"10\.[0-9]{4,9}")


class BadSetting(Exception):
    """A setting has a name nobody knows or a value it cannot have; the sentence says which."""


def _setting(
    default: Any, meaning: str, *, secret: bool = False, least: int = 1, most: int | None = None
) -> Any:
    return field(
        default=default,
        metadata={"meaning": meaning, "secret": secret, "least": least, "most": most},
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Each is `SAGE_CATALOG_{NAME}` in the environment, or `name` in the TOML file
    that `SAGE_CATALOG_CONFIG` names; the environment wins, and the command line wins over both."""

    data: Path = _setting(Path("data"), "Folder that holds everything the catalog keeps.")  # noqa: RUF009
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.", most=65_535)
    base_url: str = _setting(
        "", "Address under which the catalog is reached; default http://{host}:{port}."
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
    s3_single_put: bool = _setting(
        False, "Whether bodies of any length go to the S3 store in one request, right for weed."
    )
    publisher_name: str = _setting(
        "Sage Continuum: Cyberinfrastructure for AI at the Edge",
        "Publisher of items whose description names none.",
    )
    publisher_ror: str = _setting("", "ROR IRI of that publisher.")
    contact_name: str = _setting("Sage Catalog", "Contact of items whose description names none.")
    contact_email: str = _setting("", "Mail address of that contact.")
    oai_domain: str = _setting(
        "", "Domain in the identifiers that harvesters keep; default the host of base_url."
    )
    registrar: str = _setting(
        "sandbox", 'Who registers DOIs: "sandbox" beside the catalog, "datacite-test", "datacite".'
    )
    datacite_url: str = _setting(
        "", "Address of the registrar's API; default that of the registrar chosen."
    )
    datacite_repository: str = _setting("", "Repository account at the registrar.")
    datacite_password: str = _setting("", "Password of that account.", secret=True)
    datacite_prefix: str = _setting("", "Prefix of new DOIs; default 10.5072 in the sandbox.")
    datacite_seconds: int = _setting(30, "How long the registrar may take to answer, in seconds.")
    types_without_doi: str = _setting(
        "sensor-blob,instrument,docker-image,dockerfile",
        "Item types that get no DOI, separated by commas.",
    )
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
        200_000_000, "Space to leave on the disk; below it uploads are refused.", least=0
    )
    session_hours: int = _setting(12, "How long a sign-in lasts.")
    trusted_hosts: str = _setting(
        "", "Host names that requests may carry beside that of base_url, separated by commas."
    )

    @property
    def base(self) -> str:
        """The catalog's address, ending in exactly one slash."""
        return (self.base_url or f"http://{self.address}").rstrip("/") + "/"

    @property
    def address(self) -> str:
        """Host and port where this machine reaches the catalog."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def house(self) -> House:
        """What every form says about this catalog."""
        return House(
            base=self.base,
            publisher_name=self.publisher_name,
            publisher_ror=self.publisher_ror,
            contact_name=self.contact_name,
            contact_email=self.contact_email,
            doi_resolver=self.doi_resolver,
            dois_are_tests=self.registrar != "datacite",
        )

    @property
    def domain(self) -> str:
        """The domain in the identifiers of OAI-PMH and Atom.

        Where it is not chosen and the host is none, such as an address of numbers, it is the one
        under which the record names its own.
        """
        host = self.oai_domain or urlsplit(self.base).hostname or ""
        return host if _DOMAIN.fullmatch(host) else urlsplit(RECORD).netloc

    @property
    def registrar_address(self) -> str:
        """Where the API of the registrar is, ending in a slash."""
        known = {
            "sandbox": f"http://{self._beside}",
            "datacite-test": "https://api.test.datacite.org",
            "datacite": "https://api.datacite.org",
        }
        return (self.datacite_url or known[self.registrar]).rstrip("/") + "/"

    @property
    def doi_resolver(self) -> str:
        """Where DOIs resolve, ending in a slash."""
        if self.registrar == SANDBOX:
            return f"{self.registrar_address}doi/"
        test = self.registrar == "datacite-test"
        return "https://handle.test.datacite.org/" if test else "https://doi.org/"

    @property
    def doi_prefix(self) -> str:
        """The prefix of new DOIs."""
        return self.datacite_prefix or (TEST_PREFIX if self.registrar == SANDBOX else "")

    @property
    def registrar_account(self) -> tuple[str, str]:
        """The repository account at the registrar, and its password."""
        if self.registrar == SANDBOX and not self.datacite_repository:
            return SANDBOX_ACCOUNT
        return self.datacite_repository, self.datacite_password

    @property
    def sandbox_port(self) -> int | None:
        """The port of the sandbox registrar that `serve` starts; None where it starts none."""
        return self.port + 1 if self.registrar == SANDBOX and not self.datacite_url else None

    @property
    def without_doi(self) -> frozenset[str]:
        """The item types that get no DOI."""
        return frozenset(filter(None, map(str.strip, self.types_without_doi.split(","))))

    @property
    def _beside(self) -> str:
        """Host and port of the sandbox registrar: the port above the catalog's own."""
        host, _, port = self.address.rpartition(":")
        return f"{host}:{int(port) + 1}"

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the record."""
        return self.database_url or f"sqlite:///{(self.data / 'record.sqlite').absolute()}"


def from_environment(
    environment: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings of this process.

    environment  default: that of the process
    overrides    what the command line said, by option; entries that are None do not count

    Raises BadSetting for an unknown name in the file, an unfit value or an unreadable file.
    """
    found = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    if config := found.get(PREFIX + "CONFIG"):
        values |= _from_file(Path(config))
    for name, entry in _ENTRIES.items():
        text = found.get(PREFIX + name.upper())
        if text or (text is not None and isinstance(entry.default, str)):
            values[name] = _converted(name, PREFIX + name.upper(), text)
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = _converted(name, f"--{name}", value)
    settings = Settings(**values)
    _check(settings)
    return settings


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give these settings to a child process, whatever else it has."""
    said = {PREFIX + name.upper(): str(getattr(settings, name)) for name in _ENTRIES}
    return said | {PREFIX + "CONFIG": ""}


def unknown_variables(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield a sentence about each variable that looks like a setting and is none."""
    known = {PREFIX + name.upper() for name in _ENTRIES} | {PREFIX + name for name in _BESIDE}
    for variable in sorted(os.environ if environment is None else environment):
        if variable.startswith(PREFIX) and variable not in known:
            close = difflib.get_close_matches(variable, known, 1)
            meant = f"; {close[0]} is one" if close else ""
            yield f"{variable} is no setting of this release{meant}."


def _from_file(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, ValueError) as fault:
        raise BadSetting(f"The settings file {path} cannot be read: {fault}.") from None
    if unknown := sorted(set(table) - set(_ENTRIES)):
        raise BadSetting(f"{path} names settings that do not exist: {', '.join(unknown)}.")
    return {name: _converted(name, f"{name} in {path}", value) for name, value in table.items()}


def _converted(name: str, said_as: str, value: Any) -> Any:
    entry = _ENTRIES[name]
    meant, convert = _KINDS["data" if name == "data" else type(entry.default).__name__]
    try:
        converted = convert(value)
    except (KeyError, ValueError, TypeError):
        raise BadSetting(f"{said_as} cannot be {value!r}; it is {meant}.") from None
    if isinstance(converted, int) and not isinstance(converted, bool):
        _check_bounds(said_as, converted, entry.metadata["least"], entry.metadata["most"])
    return converted


def _whole(value: Any) -> int:
    return int(str(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):  # a TOML file knows numbers and dates, too
        raise TypeError
    return value


def _truth(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words[str(value).strip().lower()]


def _check_bounds(said_as: str, value: int, least: int, most: int | None) -> None:
    if value < least or (most is not None and value > most):
        to = f"{least} to {most}" if most is not None else f"{least} or more"
        raise BadSetting(f"{said_as} cannot be {value}; it is {to}.")


def _check(settings: Settings) -> None:
    """Refuse values that cannot be, alone or together."""
    if settings.objects not in {"files", "s3"}:
        raise BadSetting(f'objects is "files" or "s3", not {settings.objects!r}.')
    if settings.objects == "s3":
        needed = ("s3_endpoint", "s3_access_key", "s3_secret_key")
        if missing := [name for name in needed if not getattr(settings, name)]:
            raise BadSetting(f"objects = s3 needs {' and '.join(missing)} as well.")
    if settings.base_url and not _is_address(settings.base_url):
        raise BadSetting(
            f"base_url is an address such as https://catalog.example.org, not {settings.base_url}."
        )
    if settings.oai_domain and not _DOMAIN.fullmatch(settings.oai_domain):
        raise BadSetting(
            f"oai_domain is a domain such as catalog.example.org, not {settings.oai_domain!r}."
        )
    if not settings.host:
        raise BadSetting("host cannot be empty; 127.0.0.1 is this machine alone.")
    _check_registrar(settings)


def _check_registrar(settings: Settings) -> None:
    """Refuse a registrar nobody knows, one without its account, and test DOIs where it is real."""
    if settings.registrar not in _REGISTRARS:
        raise BadSetting(
            f'registrar is "sandbox", "datacite-test" or "datacite", not {settings.registrar!r}.'
        )
    if settings.datacite_url and not _is_address(settings.datacite_url):
        raise BadSetting(
            "datacite_url is an address such as https://api.test.datacite.org, "
            f"not {settings.datacite_url}."
        )
    if settings.datacite_prefix and not _PREFIX_OF_DOIS.fullmatch(settings.datacite_prefix):
        raise BadSetting(
            f"datacite_prefix is one such as {TEST_PREFIX}, not {settings.datacite_prefix!r}."
        )
    if settings.registrar == SANDBOX:
        if settings.sandbox_port == _PORTS:
            raise BadSetting(
                f"The sandbox registrar needs the next port: port is below {_PORTS - 1}."
            )
        return
    needed = ("datacite_repository", "datacite_password", "datacite_prefix")
    if missing := [name for name in needed if not getattr(settings, name)]:
        raise BadSetting(f"registrar = {settings.registrar} needs {' and '.join(missing)} as well.")
    if settings.datacite_prefix == TEST_PREFIX:
        raise BadSetting(
            f"The prefix {TEST_PREFIX} is for tests in the sandbox; "
            f"registrar = {settings.registrar} needs the prefix of your repository."
        )


_REGISTRARS = frozenset({"sandbox", "datacite-test", "datacite"})
_PORTS = 65_536


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.query or parts.fragment or parts.username)
            and text.isprintable()
            and " " not in text
        )
    except ValueError:
        return False


def listed(settings: Settings) -> list[dict[str, Any]]:
    """Return every setting with its variable, value, default and meaning; secrets are not shown."""
    lines = []
    for entry in _ENTRIES.values():
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


_ENTRIES = {entry.name: entry for entry in fields(Settings)}
_KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "int": ("a whole number", _whole),
    "bool": ("true or false", _truth),
    "str": ("text", _text),
    "data": ("a folder", Path),
}
