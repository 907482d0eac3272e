"""Every setting of the catalog: its name, default and meaning, from environment or a TOML file."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
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


_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

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
        repr=not secret,
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
    s3_public_url: str = _setting(
        "",
        "Address under which clients reach the S3 store, for addresses that it signs; default that "
        'of the endpoint. "none": all bytes go through the catalog.',
    )
    s3_redirect: bool = _setting(
        False, "Whether downloads of large files are sent on to the S3 store without being asked."
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
    upload_bytes: int = _setting(5_000_000_000_000, "Largest file taken in parts.")
    part_bytes: int = _setting(
        64 << 20, "Size of the parts of such a file; larger where there would be too many.",
        least=65_536, most=5 << 30,
    )  # fmt: skip
    upload_days: int = _setting(7, "How long parts are kept of a file that nobody completes.")
    quota_bytes: int = _setting(
        10**12, "Most bytes that the items of an account keep; 0 for any number.", least=0
    )
    quota_files: int = _setting(
        1_000_000, "Most files that the items of an account keep; 0 for any number.", least=0
    )
    item_bytes: int = _setting(10**12, "Most bytes that one item keeps; 0 for any number.", least=0)
    item_files: int = _setting(
        200_000, "Most files that a version of an item has; 0 for any number.", least=0
    )
    free_bytes: int = _setting(
        200_000_000, "Space to leave on the disk; below it uploads are refused.", least=0
    )
    fixity_days: int = _setting(
        30, "Within how many days the bytes of every file are read again; 0 for never.",
        least=0, most=3650,
    )  # fmt: skip
    fixity_bytes_per_second: int = _setting(
        20_000_000, "How fast they are read for that; 0 for as fast as it goes.", least=0
    )
    garbage_days: int = _setting(
        7, "How long bytes stay that no file names any more; 0 for a minute.", least=0, most=3650
    )
    session_hours: int = _setting(12, "How long a sign-in lasts.")
    oidc_issuer: str = _setting(
        "", "Address of the OpenID Connect provider by which people sign in; empty for none."
    )
    oidc_client_id: str = _setting("", "Identifier under which that provider knows the catalog.")
    oidc_client_secret: str = _setting(
        "", "Secret of that client; empty for a public client.", secret=True
    )
    oidc_name: str = _setting(
        "", "What the button to sign in calls the provider; default its host."
    )
    oidc_scopes: str = _setting("openid profile email", "Scopes that are asked of the provider.")
    oidc_name_claim: str = _setting(
        "preferred_username", "Claim that names an account; everybody sees the name."
    )
    oidc_groups_claim: str = _setting("groups", "Claim that lists the groups somebody is in.")
    oidc_audience: str = _setting(
        "", "Audience that JWTs of the provider need at the API; default oidc_client_id."
    )
    oidc_scope_prefix: str = _setting(
        "",
        "What stands before our scopes in those of a JWT, such as catalog: in catalog:write; "
        "empty: a JWT may do all that its account may.",
    )
    reference_check_days: int = _setting(
        7, "How often references to bytes elsewhere are looked at, in days; 0 for never.", least=0
    )
    reference_hosts: str = _setting(
        "",
        "Where to ask instead of a host, as host=address with commas between; for mirrors.",
    )
    fetch_private_addresses: bool = _setting(
        False, "Whether references may be asked for in private networks and on this machine."
    )
    github_token: str = _setting(
        "", "Token for GitHub, which answers more often with one; it needs no scope.", secret=True
    )
    trusted_hosts: str = _setting(
        "", "Host names that requests may carry beside that of base_url, separated by commas."
    )
    trusted_proxies: str = _setting(
        "",
        "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.",
    )
    unknown_tokens: int = _setting(
        20, "How many tokens that nobody knows one address may try in a minute."
    )
    token_info_url: str = _setting(
        "",
        "Where Sage tells whose a token is, such as https://auth.sagecontinuum.org/token_info/; "
        "without it only tokens of the catalog itself are known.",
    )
    token_info_user: str = _setting(
        "", "The catalog's own account there; without it the password is sent as that of a service."
    )
    token_info_password: str = _setting("", "Password of that account or service.", secret=True)
    sage_users_url: str = _setting(
        "",
        "Below which Sage tells the projects of its users, such as "
        "https://auth.sagecontinuum.org/; without it nobody is in a project.",
    )
    sage_oidc_issuer: str = _setting(
        "",
        "Provider of logins that calls users what Sage calls their id, such as "
        "https://auth.globus.org; one who comes both ways is one account then.",
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
    def s3_public(self) -> str | None:
        """Where clients reach the S3 store; None where they do not.

        An endpoint on this machine is one for clients only where the catalog itself is.
        """
        if self.s3_public_url == "none" or self.objects != "s3":
            return None
        if self.s3_public_url:
            return self.s3_public_url
        scheme = "https" if self.s3_secure else "http"
        store = urlsplit(f"{scheme}://{self.s3_endpoint}")
        is_here = store.hostname in _LOOPBACK
        if is_here and urlsplit(self.base).hostname not in _LOOPBACK:
            return None
        return store.geturl()

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
    def oidc_title(self) -> str:
        """What people call the provider of identities; empty where there is none."""
        return self.oidc_name or urlsplit(self.oidc_issuer).hostname or ""

    @property
    def without_doi(self) -> frozenset[str]:
        """The item types that get no DOI."""
        return frozenset(filter(None, map(str.strip, self.types_without_doi.split(","))))

    @property
    def mirrors(self) -> dict[str, str]:
        """The address to ask instead of each host for which there is one."""
        pairs = (one.partition("=") for one in self.reference_hosts.split(",") if one.strip())
        return {host.strip().lower(): address.strip().rstrip("/") for host, _, address in pairs}

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
    if settings.s3_public_url not in {"", "none"} and not _is_address(settings.s3_public_url):
        raise BadSetting(
            's3_public_url is an address such as https://s3.example.org, or "none", '
            f"not {settings.s3_public_url!r}."
        )
    if settings.base_url and not _is_address(settings.base_url):
        raise BadSetting(
            f"base_url is an address such as https://catalog.example.org, not {settings.base_url}."
        )
    if settings.oai_domain and not _DOMAIN.fullmatch(settings.oai_domain):
        raise BadSetting(
            f"oai_domain is a domain such as catalog.example.org, not {settings.oai_domain!r}."
        )
    for host, address in settings.mirrors.items():
        if not host or not _is_address(address):
            raise BadSetting(
                "reference_hosts is one such as api.github.com=https://mirror.example.org/github, "
                f"not {settings.reference_hosts!r}."
            )
    if not settings.host:
        raise BadSetting("host cannot be empty; 127.0.0.1 is this machine alone.")
    _check_registrar(settings)
    _check_oidc(settings)
    _check_sage(settings)


def _check_sage(settings: Settings) -> None:
    """Refuse half of what is needed to ask Sage about its tokens, and proxies that are none."""
    try:
        networks(settings.trusted_proxies)
    except ValueError:
        raise BadSetting(
            "trusted_proxies is a list of addresses or networks such as 10.0.0.0/8, "
            f"not {settings.trusted_proxies!r}."
        ) from None
    for name in ("token_info_url", "sage_users_url", "sage_oidc_issuer"):
        value = getattr(settings, name)
        if value and not (_is_address(value) and is_safe(value)):
            raise BadSetting(
                f"{name} is an address such as https://auth.sagecontinuum.org/, by https but on "
                f"this machine, not {value}."
            )
    if settings.token_info_url and not settings.token_info_password:
        raise BadSetting("token_info_url needs token_info_password as well.")
    secret = settings.token_info_user + settings.token_info_password
    if not (secret.isascii() and secret.isprintable()):
        raise BadSetting(
            "token_info_user and token_info_password are of printable ASCII characters."
        )
    if settings.sage_users_url and not settings.token_info_url:
        raise BadSetting("sage_users_url needs token_info_url as well.")
    if settings.sage_oidc_issuer and not settings.sage_users_url:
        raise BadSetting("sage_oidc_issuer needs sage_users_url as well.")


@lru_cache(maxsize=8)
def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return the networks of a list with commas; an address alone is a network of one.

    Raises ValueError where one is none.
    """
    named = filter(None, map(str.strip, text.split(",")))
    return tuple(ip_network(one, strict=False) for one in named)


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


def _check_oidc(settings: Settings) -> None:
    """Refuse a provider of identities that cannot be spoken to safely, or does not know us."""
    issuer = settings.oidc_issuer
    if not issuer:
        return
    if not (_is_address(issuer) and is_safe(issuer)) or len(issuer) > _LONGEST_ISSUER:
        raise BadSetting(
            "oidc_issuer is an address such as https://auth.globus.org, by https but on this "
            f"machine, not {issuer}."
        )
    if not settings.oidc_client_id:
        raise BadSetting("oidc_issuer needs oidc_client_id as well.")
    if "openid" not in settings.oidc_scopes.split():
        raise BadSetting("oidc_scopes has openid among them.")


def is_safe(address: str) -> bool:
    """Tell whether nobody on the way can read or change what is said to an address."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)


_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST_ISSUER = 255
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
