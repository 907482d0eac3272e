"""What a request of OAI-PMH 2.0 asks: its verb and arguments, or what is wrong with them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from catalog.domain.errors import Unreadable
from catalog.domain.identifiers import is_id
from catalog.services.cursors import cursor_of, keys_of
from catalog.services.harvest import Place, Window

TOKEN: Final = "resumptionToken"  # noqa: S105 - the name of an argument
TYPES: Final = "type"
"""The set that holds everything; the items of a type are a set below it."""


class Refused(Exception):
    """A request that the protocol has a code for."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code = code
        self.told = told


@dataclass(frozen=True, slots=True)
class Verb:
    """The arguments that a verb must and may have; a token stands alone where there is one."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    resumes: bool = False


_LIST: Final = Verb(
    frozenset({"metadataPrefix"}), frozenset({"from", "until", "set"}), resumes=True
)
VERBS: Final[Mapping[str, Verb]] = {
    "Identify": Verb(),
    "ListMetadataFormats": Verb(optional=frozenset({"identifier"})),
    "ListSets": Verb(resumes=True),
    "ListIdentifiers": _LIST,
    "ListRecords": _LIST,
    "GetRecord": Verb(frozenset({"identifier", "metadataPrefix"})),
}


def asked(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the arguments of a request, `verb` among them, each of which stands there once.

    Raises Refused with badVerb or badArgument.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    verbs = given.get("verb", [])
    if len(verbs) != 1 or verbs[0] not in VERBS:
        names = ", ".join(VERBS)
        raise Refused("badVerb", f"Say one verb, which is one of {names}.")
    _check(verbs[0], given)
    return {name: values[0] for name, values in given.items()}


def _check(verb: str, given: Mapping[str, list[str]]) -> None:
    rule = VERBS[verb]
    known = rule.required | rule.optional | ({TOKEN} if rule.resumes else set()) | {"verb"}
    for name, values in given.items():
        if name not in known:
            raise Refused("badArgument", f"{verb} takes no argument {name}.")
        if len(values) > 1:
            raise Refused("badArgument", f"The argument {name} stands there more than once.")
    if rule.resumes and TOKEN in given:
        if len(given) > 2:
            raise Refused("badArgument", f"{TOKEN} stands alone; it holds all other arguments.")
        return
    if missing := sorted(rule.required - set(given)):
        raise Refused("badArgument", f"{verb} needs the argument {' and '.join(missing)}.")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a list is of, and how far it was read.

    since, until  as they were said, "" for no limit
    spec          the set, "" for none
    cursor        how many were given before
    total         how many there were in all when the list began
    after         where the portion before ended
    """

    prefix: str
    since: str = ""
    until: str = ""
    spec: str = ""
    cursor: int = 0
    total: int = 0
    after: Place | None = None

    def window(self, types: Collection[str]) -> Window:
        """Return which items are meant; Refused for dates or sets that are none.

        types  the item types
        """
        since, until = _first(self.since), _too_late(self.until)
        if self.since and self.until and len(self.since) != len(self.until):
            raise Refused("badArgument", "from and until have different granularities.")
        if since and until and since >= until:
            raise Refused("badArgument", "from is later than until.")
        return Window(since, until, _type_of(self.spec, types))


_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", re.ASCII)
_SET: Final = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")


def _first(said: str) -> datetime | None:
    """Return the first moment of a day or second; None for "" """
    if not said:
        return None
    try:
        if _DATE.fullmatch(said):
            found = datetime.fromisoformat(said)
            return found.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise Refused("badArgument", "A date is YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.")


def _too_late(said: str) -> datetime | None:
    """Return the first moment after a day or second, since `until` means all of it."""
    first = _first(said)
    try:
        return first and first + (timedelta(seconds=1) if "T" in said else timedelta(days=1))
    except OverflowError:
        return None


def _type_of(spec: str, types: Collection[str]) -> str | None:
    """Return the item type of a set; None for all."""
    if spec in {"", TYPES}:
        return None
    if not _SET.fullmatch(spec):
        raise Refused("badArgument", "That is not how sets are written; ListSets lists them.")
    head, _, name = spec.partition(":")
    if head != TYPES or name not in types:
        raise Refused("noRecordsMatch", "There is no such set; ListSets lists them.")
    return name


def selection(given: Mapping[str, str]) -> Selection:
    """Return the list that a request begins, or goes on with; Refused for a foreign token."""
    if TOKEN in given:
        return _resumed(given["verb"], given[TOKEN])
    return Selection(
        given["metadataPrefix"], given.get("from", ""), given.get("until", ""), given.get("set", "")
    )


def token_of(verb: str, chosen: Selection, *, cursor: int, after: Place) -> str:
    """Return the token for what comes after `after`. It holds all there is to know, for good."""
    at, item_id = after
    return cursor_of(
        *(verb, chosen.prefix, chosen.since, chosen.until, chosen.spec),
        *(str(cursor), str(chosen.total), at.isoformat(), item_id),
    )


def _resumed(verb: str, token: str) -> Selection:
    foreign = Refused("badResumptionToken", "This token is none of ours, or of another verb.")
    try:
        said, prefix, since, until, spec, cursor, total, moment, item_id = keys_of(token, 9)
        at = datetime.fromisoformat(moment)
        after = (at.astimezone(UTC), item_id)
        found = Selection(prefix, since, until, spec, _whole(cursor), _whole(total), after)
    except (Unreadable, ValueError, OverflowError, TypeError):
        raise foreign from None
    if said != verb or at.tzinfo is None or not is_id(item_id) or not 0 < found.cursor < 10**12:
        raise foreign
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


_URI: Final = re.compile(r"[a-z][a-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.ASCII)


def item_named(identifier: str, domain: str) -> str:
    """Return the id of the item that an OAI identifier names.

    domain  the domain of this catalog's identifiers

    Raises Refused with badArgument for what is no identifier, idDoesNotExist for one of others.
    """
    if not _URI.fullmatch(identifier):
        raise Refused("badArgument", "An identifier is a URI, such as ListIdentifiers lists.")
    start = f"oai:{domain}:"
    item_id = identifier.removeprefix(start)
    if not identifier.startswith(start) or not is_id(item_id):
        raise Refused("idDoesNotExist", "There is no item of that identifier.")
    return item_id
