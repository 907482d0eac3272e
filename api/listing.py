"""Items as lines of a list, and how many there are of each type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from api.frame import Frame
from api.naming import Naming
from catalog.domain.lifecycle import State, Visibility
from catalog.domain.record import ItemLine


@dataclass(frozen=True, slots=True)
class Line:
    """An item as a list shows it."""

    href: str
    title: str
    summary: str
    type_label: str
    owner: str
    state: State
    state_label: str
    visibility: Visibility
    modified: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """How many items there are of a type; its narrower types below it."""

    href: str
    label: str
    number: int
    is_chosen: bool
    narrower: tuple["Count", ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that is on, and the address without it."""

    label: str
    value: str
    href: str


def lines(frame: Frame, naming: Naming, found: Iterable[ItemLine]) -> tuple[Line, ...]:
    """Return items as lines, in the order they come in."""
    return tuple(
        Line(
            href=f"{frame.root}items/{one.id}",
            title=one.title,
            summary=one.summary,
            type_label=naming.of_type(one.type),
            owner=one.owner,
            state=one.state,
            state_label=naming.of_state(one.state),
            visibility=one.visibility,
            modified=one.modified,
            until=one.until,
        )
        for one in found
    )


def address(frame: Frame, filters: Mapping[str, str]) -> str:
    """Return the address of the list of items under `filters`."""
    asked = urlencode({name: value for name, value in filters.items() if value})
    return f"{frame.root}items{'?' if asked else ''}{asked}"


def counts(
    frame: Frame, naming: Naming, numbers: Mapping[str, int], filters: Mapping[str, str]
) -> tuple[Count, ...]:
    """Return the counts by type, narrower types below their broader one, those without items out.

    numbers  item type to how many items are of just that type
    filters  what else the list is narrowed by; kept in the addresses
    """

    def entry(name: str, narrower: tuple[Count, ...] = ()) -> Count:
        return Count(
            href=address(frame, {**filters, "type": name}),
            label=naming.of_type(name),
            number=numbers.get(name, 0),
            is_chosen=filters.get("type") == name,
            narrower=narrower,
        )

    made = []
    for name, below in naming.types_with_narrower:
        narrower = tuple(entry(one) for one in below if numbers.get(one))
        if numbers.get(name) or narrower:
            made.append(entry(name, narrower))
    return tuple(made)


def filters_on(frame: Frame, naming: Naming, filters: Mapping[str, str]) -> tuple[Filter, ...]:
    """Return the filters that narrow a list, each with the address that takes it off."""
    named = {"type": naming.of_type, "state": naming.of_state, "cites": naming.of_term}
    return tuple(
        Filter(
            label=name,
            value=named.get(name, str)(value),
            href=address(frame, {other: filters[other] for other in filters if other != name}),
        )
        for name, value in filters.items()
        if value
    )


def states(
    frame: Frame, naming: Naming, filters: Mapping[str, str]
) -> tuple[tuple[str, str, bool], ...]:
    """Return the states to narrow a list by: address, label, and whether it is chosen."""
    return tuple(
        (
            address(frame, {**filters, "state": state}),
            naming.of_state(state),
            filters.get("state") == state,
        )
        for state in State
    )
