"""The statements about an item while they are rewritten for a profile."""

from collections.abc import Callable, Iterable, Iterator

from catalog.domain.context import PREFIXES
from catalog.domain.description import TYPE, Statement, literal


def term(name: str) -> str:
    """Return a prefixed name as a term.

    >>> term("dct:title")
    '<http://purl.org/dc/terms/title>'
    """
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


def each(*names: str) -> tuple[str, ...]:
    """Return prefixed names as terms."""
    return tuple(map(term, names))


class Graph:
    """Statements by subject and property, each once, which can be added, taken and renamed."""

    def __init__(self, item: str, statements: Iterable[Statement] = ()) -> None:
        """Begin with `statements` about `item`, a term, and its parts."""
        self.item = item
        self._rows: dict[str, dict[str, dict[str, None]]] = {}
        self.extend(statements)

    def extend(self, statements: Iterable[Statement]) -> None:
        """Add statements."""
        for subject, predicate, value in statements:
            self.add(subject, predicate, value)

    def add(self, subject: str, predicate: str, *values: str) -> None:
        """Say that `subject` has these values of a property, unless it is a literal itself."""
        if values and subject[0] != '"':
            row = self._rows.setdefault(subject, {})
            row.setdefault(predicate, {}).update(dict.fromkeys(values))

    def statements(self) -> Iterator[Statement]:
        """Yield every statement."""
        for subject, row in self._rows.items():
            for predicate, values in row.items():
                for value in values:
                    yield subject, predicate, value

    def values(self, subject: str, *predicates: str) -> tuple[str, ...]:
        """Return the values of the properties, those of the first property first."""
        row = self._rows.get(subject, {})
        return tuple(value for predicate in predicates for value in row.get(predicate, ()))

    def take(self, subject: str, *predicates: str) -> tuple[str, ...]:
        """Return the values of the properties, which are said no longer."""
        row = self._rows.get(subject, {})
        taken = [row.pop(predicate, {}) for predicate in predicates]
        return tuple(value for values in taken for value in values)

    def keep(self, is_kept: Callable[[Statement], bool]) -> None:
        """Forget all statements but those of which `is_kept` is true."""
        kept = [statement for statement in self.statements() if is_kept(statement)]
        self._rows.clear()
        self.extend(kept)

    def rename(self, names: dict[str, str]) -> None:
        """Speak of each of these things under its other name."""
        said = list(self.statements())
        self._rows.clear()
        self.extend((names.get(s, s), p, names.get(v, v)) for s, p, v in said)

    def subjects(self) -> tuple[str, ...]:
        """Return everything that something is said about."""
        return tuple(subject for subject, row in self._rows.items() if row)

    def of_class(self, kind: str) -> tuple[str, ...]:
        """Return everything that is said to be of a class."""
        return tuple(subject for subject, row in self._rows.items() if kind in row.get(TYPE, ()))

    def is_a(self, subject: str, kind: str) -> bool:
        """Tell whether something is said to be of a class."""
        return kind in self._rows.get(subject, {}).get(TYPE, ())

    def keep_reachable(self) -> None:
        """Forget what nothing leads to from the item."""
        reached: set[str] = set()
        pending = [self.item]
        while pending:
            node = pending.pop()
            if node not in reached:
                reached.add(node)
                pending.extend(v for _, values in self._rows.get(node, {}).items() for v in values)
        self.keep(lambda statement: statement[0] in reached)


def preferred(values: Iterable[str]) -> tuple[str, ...]:
    """Return the one value to keep where a profile allows one: of texts the English one."""

    def order(value: str) -> tuple[int, str]:
        if value[0] != '"':
            return 1, value
        language = literal(value).language
        return (1 if language is None else 0 if language.split("-")[0] == "en" else 2), value

    return tuple(sorted(values, key=order)[:1])
