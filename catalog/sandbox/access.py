"""Who asks the registrar, by the header `Authorization`."""

import base64
import binascii
from collections.abc import Mapping

from catalog.sandbox.refusals import bad_credentials
from catalog.sandbox.repositories import Repository

Repositories = Mapping[str, Repository]
"""The repositories by their id in small letters."""


def caller_of(header: str | None, repositories: Repositories) -> Repository | None:
    """Return whose credentials a request carries; None for nobody known.

    Credentials that are wrong are as good as none: DataCite shows what everybody may see, and
    does not say so. A bad token, though, is refused with 401, for reading too.
    """
    kind, _, said = (header or "").strip().partition(" ")
    if kind.lower() == "bearer":
        return _by_token(said.strip(), repositories)
    return _by_password(said.strip(), repositories) if kind.lower() == "basic" else None


def writer_of(caller: Repository | None) -> Repository:
    """Return who writes; nobody known may not."""
    if caller is None:
        raise bad_credentials()
    return caller


def _by_token(token: str, repositories: Repositories) -> Repository:
    """Return whose API key a token is; here a repository's password is its API key too."""
    found = [one for one in repositories.values() if token and one.is_known_by(token)]
    if len(found) != 1:
        raise bad_credentials()
    return found[0]


def _by_password(said: str, repositories: Repositories) -> Repository | None:
    try:
        name, _, password = base64.b64decode(said, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    repository = repositories.get(name.lower())
    return repository if repository and repository.is_known_by(password) else None
