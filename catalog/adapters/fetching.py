"""Sites elsewhere by HTTP: bounded in time and bytes, and never on the inside of our own network.

A name is resolved once, every address that it has is checked, and the connection is made to one of
just these: a name that means something else a moment later leads nowhere. Each redirect is checked
the same way. No proxy is used, since that would resolve names for itself.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import certifi

from catalog.domain.errors import NotAcceptable, Unavailable
from catalog.domain.references.asking import Question, Reply

CONNECT_SECONDS: Final = 5.0
_MOST_REDIRECTS: Final = 5
_MOST_HEADER_BYTES: Final = 64_000
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PORTS: Final = {"http": 80, "https": 443}
_LOGIN: Final = "authorization"
_IN_ADDRESS: Final = "/:@!$&'()*+,;=~%?[]#"
_TRANSLATED: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))

Ip = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host; raises OSError where it has none."""


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class HttpRemote:
    """Asks sites by HTTP; see `catalog.ports.Remote`.

    agent             what it calls itself, with a way to reach who runs it
    mirrors           the address to ask instead of a host, which may be anywhere
    credentials       what to send as `Authorization` to a host, and never to another
    private_is_asked  whether addresses on the inside may be asked
    """

    def __init__(
        self,
        agent: str,
        *,
        mirrors: Mapping[str, str] | None = None,
        credentials: Mapping[str, str] | None = None,
        private_is_asked: bool = False,
        resolve: Resolve = _resolved,
    ) -> None:
        self._agent = agent
        self._mirrors = dict(mirrors or {})
        self._credentials = dict(credentials or {})
        self._private_is_asked = private_is_asked
        self._resolve = resolve

    def __repr__(self) -> str:
        """Tell nothing of the credentials."""
        return f"HttpRemote({self._agent!r})"

    def ask(self, question: Question, *, seconds: float) -> Reply:
        """Return what a site answers; see `catalog.ports.Remote`."""
        deadline = time.monotonic() + seconds
        url, headers = question.url, dict(question.headers)
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._asked_once(question, url, headers, deadline)
            target = reply.headers.get("location", "")
            if not question.follows or reply.status not in _REDIRECTS or not target:
                return reply
            following = _joined(url, target)
            if _origin(following) != _origin(url):
                headers = {k: v for k, v in headers.items() if k.lower() != _LOGIN}
            url = following
        raise Unavailable(f"{_host(question.url)} sends from one address to the next without end.")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context

    def _asked_once(
        self, question: Question, url: str, headers: Mapping[str, str], deadline: float
    ) -> Reply:
        actual, may_be_private = self._actual(url)
        site = _host(url)
        parts = urlsplit(actual)
        host, port = parts.hostname or "", _port(actual)
        addresses = self._checked(host, port, site, deadline, may_be_private=may_be_private)
        sent = {**self._own_headers(url), **headers, "Host": _host_header(actual)}
        connection = _Connection(
            host, port, addresses, deadline, tls=self._tls if parts.scheme == "https" else None
        )
        with _read_from(site, connection, deadline):
            connection.request(question.method, _target(actual), headers=sent)
            with connection.getresponse() as answer:
                if time.monotonic() >= deadline:  # cut off within the headers, which look whole
                    raise TimeoutError
                _check_headers(answer)
                body = _body(answer, question, deadline)
                return _reply(answer, url, body, question.most_bytes)

    def _own_headers(self, url: str) -> dict[str, str]:
        own = {"User-Agent": self._agent, "Connection": "close", "Accept-Encoding": "identity"}
        credential = self._credentials.get(_host(url))
        is_safe = urlsplit(url).scheme == "https" and _port(url) == _PORTS["https"]
        return own | ({"Authorization": credential} if credential and is_safe else {})

    def _actual(self, url: str) -> tuple[str, bool]:
        """Return the address that is asked, and whether the operator has named it."""
        _check_form(url)
        mirror = self._mirrors.get(urlsplit(url).netloc.lower())
        if mirror is None:
            return url, self._private_is_asked
        parts = urlsplit(url)
        asked = f"?{parts.query}" if parts.query else ""
        return f"{mirror}{parts.path or '/'}{asked}", True

    def _checked(
        self, host: str, port: int, site: str, deadline: float, *, may_be_private: bool
    ) -> list[str]:
        """Return the addresses to connect to; NotAcceptable where one may not be asked."""
        if not may_be_private and port < 1024 and port not in _PORTS.values():
            raise NotAcceptable(f"Port {port} is not one where files are offered; nobody asks it.")
        addresses = self._addresses(host, port, site, deadline)
        if not may_be_private and not all(map(is_public, addresses)):
            raise NotAcceptable(
                f"{site} is an address within a network, and not one that everybody can reach; "
                "it is not asked."
            )
        return addresses

    def _addresses(self, host: str, port: int, site: str, deadline: float) -> list[str]:
        """Return what a name means, in time; the resolver itself has no limit of its own."""
        with suppress(ValueError):
            return [str(ip_address(host))]
        found: list[str] = []

        def resolve() -> None:
            with suppress(OSError, UnicodeError):
                found.extend(self._resolve(host, port))

        thread = threading.Thread(target=resolve, name="resolve", daemon=True)
        thread.start()
        thread.join(max(0.0, min(CONNECT_SECONDS, deadline - time.monotonic())))
        if not found:
            raise Unavailable(f"There is no site called {site}, or its name does not resolve.")
        return list(found)


def is_public(address: str) -> bool:
    """Tell whether everybody can reach an address: it is not one of a network, machine or group.

    An IPv6 address that stands for one of IPv4 is as public as that.

    >>> [is_public(one) for one in ("192.0.43.8", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False]
    """
    try:
        return _is_public(ip_address(address.partition("%")[0]))
    except ValueError:
        return False


def _is_public(ip: Ip) -> bool:
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and any(ip in network for network in _TRANSLATED):
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
        if int(ip) < 2**32:  # "::a.b.c.d", long out of use
            return False
    is_special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback
    return ip.is_global and not is_special


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses that were checked, whatever the name means by now."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: list[str],
        deadline: float,
        *,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, port)
        self._checked = addresses
        self._deadline = deadline
        self._context = tls
        self._own: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers."""
        fault: OSError = TimeoutError()
        for address in self._checked[:3]:
            try:
                self.sock = socket.create_connection((address, self.port), self._left())
                self.sock.settimeout(max(0.05, self._deadline - time.monotonic()))
                break
            except OSError as refused:
                fault = refused
        else:
            raise fault
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
        self._own = self.sock

    def cut_off(self) -> None:
        """End it, whoever reads from it; the answer may have taken the socket over."""
        with suppress(OSError):
            if (own := self._own or self.sock) is not None:
                own.shutdown(socket.SHUT_RDWR)

    def _left(self) -> float:
        return max(0.05, min(CONNECT_SECONDS, self._deadline - time.monotonic()))


@contextmanager
def _read_from(site: str, connection: _Connection, deadline: float) -> Iterator[None]:
    """Read an answer within a block; the connection is cut off when the time is over.

    A time limit of the socket alone holds for each piece: who sends a byte a second is never late.
    """
    timer = threading.Timer(max(0.05, deadline - time.monotonic()), connection.cut_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    except ssl.SSLCertVerificationError as fault:
        raise Unavailable(
            f"{site} cannot show that it is {site}: {fault.verify_message}."
        ) from None
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as fault:
        if isinstance(fault, TimeoutError) or time.monotonic() >= deadline:
            raise Unavailable(f"{site} does not answer in time.") from None
        if isinstance(fault, OSError) and not isinstance(fault, ssl.SSLError):
            raise Unavailable(f"{site} does not answer.") from None
        raise Unavailable(f"What {site} answers cannot be read.") from None
    finally:
        timer.cancel()
        connection.close()


def _reply(answer: http.client.HTTPResponse, url: str, body: bytes, most: int) -> Reply:
    shown = {name.lower(): value for name, value in answer.getheaders()}
    if wait := _seconds_to_wait(shown):
        shown["retry-after"] = str(wait)
    return Reply(answer.status, url, shown, body[:most], len(body) > most)


def _check_headers(answer: http.client.HTTPResponse) -> None:
    if sum(len(name) + len(value) for name, value in answer.getheaders()) > _MOST_HEADER_BYTES:
        raise http.client.LineTooLong("headers")


def _body(answer: http.client.HTTPResponse, question: Question, deadline: float) -> bytes:
    """Return the body, and one byte more than wanted where it is longer; none after HEAD."""
    found = bytearray()
    if question.most_bytes and question.method != "HEAD":
        while len(found) <= question.most_bytes and time.monotonic() < deadline:
            chunk = answer.read1(min(65_536, question.most_bytes + 1 - len(found)))
            if not chunk:
                break
            found += chunk
        else:
            if time.monotonic() >= deadline:
                raise TimeoutError
    return bytes(found)


def _seconds_to_wait(headers: Mapping[str, str]) -> int:
    """Return in how many seconds a site wants to be asked again; 0 where it does not say."""
    said = headers.get("retry-after", "").strip()
    spent = headers.get("x-ratelimit-remaining") == "0"
    reset = headers.get("x-ratelimit-reset", "").strip() if spent else ""
    try:
        if said.isascii() and said.isdecimal():
            return max(1, int(said[:9]))
        if said:
            at = parsedate_to_datetime(said)
            return max(1, int((at.astimezone(UTC) - datetime.now(UTC)).total_seconds()))
        if reset.isascii() and reset.isdecimal():
            return max(1, int(int(reset[:12]) - time.time()))
    except (ValueError, TypeError, OverflowError):
        return 0
    return 0


# -- addresses


def _check_form(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
        has_login = bool(parts.username or parts.password)
    except ValueError:
        is_fit, has_login = False, False
    if not is_fit or has_login:
        raise NotAcceptable(
            "This is no address of http or https without a login, so nobody asks it."
        )


def _joined(url: str, target: str) -> str:
    """Return where a redirect leads; a target that is no text in UTF-8 leads nowhere."""
    try:
        spelled = quote(target.encode("latin-1").decode(), safe=_IN_ADDRESS)
        return urljoin(url, spelled).partition("#")[0]
    except (ValueError, UnicodeError):
        raise Unavailable(f"{_host(url)} sends on to what is no address.") from None


def _origin(url: str) -> tuple[str, str, int]:
    return urlsplit(url).scheme, _host(url), _port(url)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _port(url: str) -> int:
    parts = urlsplit(url)
    try:
        return parts.port if parts.port is not None else _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise NotAcceptable("This address names a port that there is not.") from None


def _host_header(url: str) -> str:
    return (
        urlsplit(url)
        .netloc.rpartition("@")[2]
        .encode("idna" if not url.isascii() else "ascii")
        .decode()
    )


def _target(url: str) -> str:
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_IN_ADDRESS.replace("?", "").replace("#", ""))
    return f"{path}?{quote(parts.query, safe=_IN_ADDRESS)}" if parts.query else path
