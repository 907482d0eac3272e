"""Reads a SPARQL query word by word, and refuses what must not reach an engine.

This is no parser: it knows brackets, and what kind of thing stands in each, well enough to find
every keyword and to count what makes engines fall.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

from catalog.domain.errors import Unreadable

TEXT_BYTES = 16_384
TOKENS = 6_000
DEPTH = 32
OPERATORS_OF_A_KIND = 64
TRIPLE_PATTERNS = 60
PATH_STEPS = 100
VALUES_ROWS = 1_000
GRAPHS = 100

_LOCAL = r"""(?: [\w:\-\u00b7] | %[0-9A-Fa-f]{2} | \\[_~.\-!$&'()*+,;=/?\#@%]
                | \.+(?=[\w:\-\u00b7%\\]) )*"""
_PREFIX = (
    r"[\w\-\u00b7]{0,60}+(?:\.+[\w\-\u00b7]{1,60}+){0,4}+"  # bounded: it is tried at each word
)
_TOKEN = re.compile(
    rf"""
    (?: [ \t\r\n]++ | \#[^\r\n]*+ )*+ (?:
      (?P<string>   \"\"\"(?:\"{{0,2}}(?:[^\"\\]|\\.))*+\"\"\" | '''(?:'{{0,2}}(?:[^'\\]|\\.))*+'''
                  | \"(?:[^\"\\\r\n]|\\[^\r\n])*+\" | '(?:[^'\\\r\n]|\\[^\r\n])*+' )
    | (?P<variable> [?$][\w\u00b7]+ )
    | (?P<name>     (?:[^\W\d_]{_PREFIX})?:{_LOCAL} | _:{_LOCAL} )
    | (?P<word>     [^\W\d]\w* )
    | (?P<number>   (?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+\-]?\d+)? )
    | (?P<language> @[A-Za-z][A-Za-z0-9\-]* )
    | (?P<sign>     \^\^ | && | \|\| | != | >= | [^<'"\\] )
    | (?P<less>     < )
    | (?P<end>      \Z ) )
    """,
    re.VERBOSE | re.DOTALL,
)
_IRI = re.compile(r"<[^<>\"{}|^`\x00-\x20]*>")

_WITH_HOST = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*://")
_BEFORE_OPERANDS = frozenset("(,;=!<+-*/|^") | {"&&", "||", "!=", "<=", ">=", "^^"}

_UPDATES = frozenset({"insert", "delete", "load", "clear", "drop", "create", "copy", "move", "add"})
_COUNTED_WORDS = frozenset(
    {
        "optional",
        "minus",
        "union",
        "bind",
        "filter",
        "exists",
        "graph",
        "select",
        "values",
        "lateral",
    }
)
_COUNTED_SIGNS = frozenset({"+", "-", "*", "/", "!", "=", "!=", "<", ">", "<=", ">=", "&&", "||"})
_PATH_SIGNS = frozenset({"/", "|", "^", "!"})
_TERM_WORDS = frozenset({"a", "true", "false"})
_TERMS = frozenset({"variable", "name", "string", "number", "iri", "language"})
_CLOSES = {")": "(", "]": "[", "}": "{"}
_AFTER_GROUPS = ("by", "having")
_NAMES_A_GRAPH = frozenset({"graph", "from", "named"})


@dataclass(slots=True)
class _Bracket:
    """An open bracket and how what stands in it is read.

    sign   "(", "[" or "{"; "" for the query itself
    holds  "patterns", "template" (of CONSTRUCT), "rows" (of VALUES), "row" (one of them), "terms"
           (of a collection, a path or a node) or "expressions"
    """

    sign: str
    holds: str
    in_triples: bool = False
    after_semicolon: bool = False
    expects_rows: bool = False
    expects_template: bool = False


@dataclass(slots=True)
class Reader:
    """Reads a query token by token, with just enough grammar to tell `<` from the start of an IRI.

    The two look alike (`?a<?b#>` compares, or is a variable before an IRI), and who mistakes one
    for the other takes code for a string. A comparison can stand only between round brackets and
    after an operand. There `scheme://` begins an IRI, for no expression has `//`; in brackets that
    surely hold an expression it compares; and where they may hold a list, what would hide a quote
    or a comment is refused.

    measures  whether the limits of length and depth are refused
    refuses   whether federation, updates and what no engine reads are refused
    graphs, triples, steps, rows, counts, prefixes
              what was found so far: clauses of FROM, triple patterns, steps of paths, rows of
              VALUES, operators and keywords by their sign, prefixes declared
    """

    text: str
    measures: bool = True
    refuses: bool = True
    graphs: int = 0
    triples: int = 0
    steps: int = 0
    rows: int = 0
    open: list[_Bracket] = field(default_factory=lambda: [_Bracket("", "expressions")])
    counts: dict[str, int] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    last: str = ""
    last_at: int = 0
    kind_before: str = ""
    last_before: str = ""

    def read(self) -> None:
        """Read to the end; raises Unreadable for what is refused."""
        place = seen = 0
        while found := _TOKEN.match(self.text, place):
            kind = found.lastgroup or "end"
            if kind == "end":
                return
            start, place = found.span(kind)
            if kind == "less":
                kind, place = self._iri_or_less(start)
            seen += 1
            if seen > TOKENS and self.measures:
                raise Unreadable(f"The query has more than {TOKENS:,} words and signs.")
            self._take(kind, self.text[start:place], start)
        self._stop(place)

    def _stop(self, place: int) -> None:
        """End at a quote that no other closes, or a backslash: no engine reads on from there."""
        if self.refuses:
            self._refuse("What begins here is no word of SPARQL, or a text without an end.", place)

    def _iri_or_less(self, start: int) -> tuple[str, int]:
        """Return what the `<` at `start` begins, and where that ends."""
        iri = _IRI.match(self.text, start)
        if iri and self._begins_iri(iri.group(), start):
            return "iri", iri.end()
        return "sign", start + (2 if self.text.startswith("<=", start) else 1)

    def _begins_iri(self, candidate: str, start: int) -> bool:
        bracket = self.open[-1]
        if bracket.sign != "(" or self.last in _BEFORE_OPERANDS or _WITH_HOST.match(candidate):
            return True
        if bracket.holds == "expressions":
            return False
        if self.refuses and ("#" in candidate or "'" in candidate):
            self._refuse("Put a space after < to compare, or write the IRI by a prefix.", start)
        return True

    def _follows_operand(self) -> bool:
        return (
            self.kind in _TERMS
            or self.last in {")", "}"}
            or (self.kind == "word" and self.last in _TERM_WORDS)
        )

    def _take(self, kind: str, token: str, start: int) -> None:
        if kind == "word":
            token = token.lower()
            self._take_word(token, start)
        elif kind == "sign":
            self._take_sign(token, start)
        else:
            self._take_term(kind, token)
        self.kind_before, self.kind = self.kind, kind
        self.last_before, self.last = self.last, token
        self.last_at = start

    # words

    def _take_word(self, word: str, start: int) -> None:
        if self.refuses:
            self._check_word(word, start)
        if word in _TERM_WORDS:
            self._begin_term()
            return
        bracket = self.open[-1]
        bracket.in_triples = bracket.after_semicolon = False
        if word in _COUNTED_WORDS:
            self._count(word)
        if word == "from":
            self._count_graph()
        elif word == "values":
            bracket.expects_rows = True
        elif word == "construct":
            bracket.expects_template = True
        elif bracket.sign == "{" and (word.startswith("select") or word.endswith(_AFTER_GROUPS)):
            bracket.holds = "expressions"

    def _check_word(self, word: str, start: int) -> None:
        if "service" in word:
            self._refuse_service(start)
        if word in _UPDATES and len(self.open) == 1:
            self._refuse(
                f"{word.upper()} changes the graph, and this endpoint only reads."
                " Items are changed by their own addresses.",
                start,
            )

    def _count_graph(self) -> None:
        self.graphs += 1
        if self.graphs > GRAPHS and self.measures:
            self._refuse_many("FROM clauses", GRAPHS)

    # terms

    def _take_term(self, kind: str, token: str) -> None:
        if kind == "iri" and self.last_before == "prefix" and self.kind == "name":
            self.prefixes[self.last[:-1]] = token[1:-1]
        elif kind != "language":
            self._begin_term()

    def _begin_term(self) -> None:
        """Count what a term, or a bracket that stands for one, begins."""
        bracket = self.open[-1]
        if bracket.holds == "rows":
            self._count_row()
        elif bracket.holds == "terms" and bracket.sign == "(":
            self.triples += 1 if self.kind == "sign" and self.last not in _CLOSES else 2
        elif bracket.holds in {"patterns", "terms"}:
            names_something = self.kind == "word" and self.last not in _TERM_WORDS
            if bracket.after_semicolon:
                self.triples += 1
            elif not bracket.in_triples and not names_something:
                self.triples += 1
                bracket.in_triples = True
            bracket.after_semicolon = False
        if self.triples > TRIPLE_PATTERNS and self.measures:
            self._refuse_many("triple patterns", TRIPLE_PATTERNS)

    def _count_row(self) -> None:
        self.rows += 1
        if self.rows > VALUES_ROWS and self.measures:
            self._refuse_many("rows of VALUES", VALUES_ROWS)

    # signs

    def _take_sign(self, sign: str, start: int) -> None:
        if sign in "([{":
            self._open(sign, start)
        elif sign in ")]}":
            self._close(sign)
        else:
            bracket = self.open[-1]
            if bracket.holds == "expressions":
                self._take_operator(sign)
            elif bracket.holds in {"patterns", "terms"}:
                self._take_punctuation(bracket, sign)

    def _take_operator(self, sign: str) -> None:
        unary = sign in {"+", "-"} and not self._follows_operand()
        if sign in _COUNTED_SIGNS and not unary:
            self._count(sign)

    def _take_punctuation(self, bracket: _Bracket, sign: str) -> None:
        if sign == ".":
            bracket.in_triples = bracket.after_semicolon = False
        elif sign == ";":
            bracket.after_semicolon = True
        elif sign == "," and bracket.in_triples:
            self.triples += 1
        elif sign in _PATH_SIGNS:
            self.steps += 1
            if self.steps > PATH_STEPS and self.measures:
                self._refuse_many("steps in its paths", PATH_STEPS)

    def _open(self, sign: str, start: int) -> None:
        if self.measures and len(self.open) > DEPTH:
            self._refuse(f"The query nests brackets deeper than {DEPTH}.", start)
        bracket = self.open[-1]
        if sign == "{":
            self._check_service_by_name()
            self.open.append(_Bracket(sign, self._content_of_braces(bracket)))
            return
        if sign == "(" and self._opens_expression(bracket):
            self.open.append(_Bracket(sign, "expressions"))
            return
        self._begin_term()
        self.open.append(_Bracket(sign, "row" if bracket.holds == "rows" else "terms"))

    def _content_of_braces(self, around: _Bracket) -> str:
        if around.expects_rows:
            around.expects_rows = False
            return "rows"
        if around.expects_template:
            around.expects_template = False
            return "template" if self.last == "construct" else "patterns"
        if around.sign == "{":
            around.holds = "patterns"  # a sub-select's projection ends where its group begins
            around.in_triples = False
        return "patterns"

    def _opens_expression(self, bracket: _Bracket) -> bool:
        """Tell whether `(` begins an expression, not a collection, a path or a row."""
        if bracket.holds == "expressions":
            return True
        if bracket.sign != "{" or bracket.holds != "patterns":
            return False
        if self.kind == "word":
            return self.last not in _TERM_WORDS
        calls = self.kind in {"name", "iri"} and self.kind_before == "word"
        return calls and self.last_before == "filter"

    def _close(self, sign: str) -> None:
        if self.open[-1].sign != _CLOSES[sign]:
            return  # the engine says it better
        self.open.pop()
        bracket = self.open[-1]
        if sign == "}":
            bracket.in_triples = bracket.after_semicolon = False

    def _check_service_by_name(self) -> None:
        """Refuse `SERVICE:name {`, which is a keyword and a name, and its likes."""
        if not self.refuses or self.kind != "name" or len(self.open) == 1:
            return
        names_graph = self.kind_before == "word" and self.last_before in _NAMES_A_GRAPH
        if "service" in self.last.lower().partition(":")[0] and not names_graph:
            self._refuse_service(self.last_at)

    # refusals

    def _count(self, operator: str) -> None:
        self.counts[operator] = self.counts.get(operator, 0) + 1
        if self.counts[operator] > OPERATORS_OF_A_KIND and self.measures:
            self._refuse_many(operator.upper(), OPERATORS_OF_A_KIND)

    def _refuse_many(self, what: str, most: int) -> NoReturn:
        raise Unreadable(f"The query has more than {most:,} {what}.")

    def _refuse_service(self, start: int) -> NoReturn:
        self._refuse(
            "SERVICE is not offered: this endpoint asks no other server. Ask the other endpoint"
            " yourself and bring its answer with VALUES.",
            start,
        )

    def _refuse(self, sentence: str, start: int) -> NoReturn:
        line = self.text.count("\n", 0, start) + 1
        column = start - self.text.rfind("\n", 0, start)
        raise Unreadable(sentence, line=line, column=column)
