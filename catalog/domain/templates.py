"""The empty description of an item type, to be filled in: every field with its help and example.

Lines that begin with "## " explain; those that begin with "# " are examples, which count once the
"# " is taken away. What a draft needs stands there without it.
"""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Any, Literal

from catalog.domain.context import PREFIXES
from catalog.domain.examples import Example, as_plain, example_of, help_of, spelled_example
from catalog.domain.fields import Field
from catalog.domain.identifiers import SHAPES
from catalog.domain.importing.names import Fields, Meaning, Names, may_be_not_stated, names_of
from catalog.domain.reading import WRITTEN_ABOUT_THE_ITEM

Form = Literal["turtle", "yaml", "json"]
FORMS: tuple[Form, ...] = ("yaml", "turtle", "json")

_WIDTH = 96
_RANKS = {"draft": 0, "publication": 1, None: 2}


def template(item_type: str, library: Meaning, form: Form, *, schema: str | None = None) -> str:
    """Return the template of an item type, ending in a line feed.

    item_type  the name of an item type that there is
    schema     where its JSON Schema is, for editors that help by it; in YAML and JSON

    It conforms at draft level as soon as the title is filled in.
    """
    sheet = _Sheet(item_type, library)
    if form == "json":
        return sheet.json(schema)
    lines = sheet.turtle() if form == "turtle" else sheet.yaml(schema)
    return "\n".join(lines) + "\n"


class _Sheet:
    """What all forms of a template have in common."""

    def __init__(self, item_type: str, library: Meaning) -> None:
        self.type = item_type
        self.library = library
        self.names: Names = names_of(library)
        self.fields: Fields = self.names.fields_of((item_type,), ())
        every = library.shapes.fields(item_type)
        self.together = {
            path: one
            for one in every
            if one.required and not one.path.startswith("http")
            for path in re.findall(r"<([^>]+)>", one.path)
        }
        self.shown = [
            one
            for one in every
            if one.path.startswith("http") and f"<{one.path}>" not in WRITTEN_ABOUT_THE_ITEM
        ]

    # -- what is said about fields

    def groups(self) -> Iterator[tuple[str, list[Field]]]:
        """Yield each heading with its fields, the needed ones first."""
        by_label: dict[str, list[Field]] = {}
        for one in self.shown:
            by_label.setdefault(one.group.label if one.group else "Other", []).append(one)
        for label, fields in by_label.items():
            yield label, sorted(fields, key=lambda one: _RANKS[self.level(one)])

    def level(self, field: Field) -> str | None:
        """Return the level at which a value is demanded, of this field or of another instead."""
        together = self.together.get(field.path)
        return field.required or (together.required if together else None)

    def about(self, field: Field) -> Iterator[str]:
        """Yield the sentences that explain a field."""
        said = [f"{field.name}.", help_of(field)]
        if field.required == "draft":
            said.append("Needed for a draft.")
        elif field.required:
            said.append("Needed to publish.")
        elif field.path in self.together:
            said.append(f"Needed to publish: {self.together[field.path].name}.")
        if field.may_be_not_stated or (field.required and may_be_not_stated(field)):
            said.append("May be: not stated.")
        schemes = " or ".join(field.schemes)
        if schemes:
            said.append(f"A term of the vocabulary {schemes}.")
        yield from _wrapped(" ".join(one for one in said if one))

    def heading(self) -> Iterator[str]:
        """Yield what a person has to know before the first field."""
        shapes = self.library.shapes
        iri = f"{SHAPES}{self.type}"
        about = f"{shapes.label(iri) or self.type}. {shapes.comment(iri) or ''}".strip()
        yield from _wrapped(about)
        yield from _wrapped(
            'Lines with "## " explain. Lines with "# " are examples: take the "# " away and put '
            "your own in their place. Leave out what you do not know yet; where it says so, "
            'a field may be "not stated". Then: sage-catalog validate FILE'
        )

    # -- YAML

    def yaml(self, schema: str | None) -> Iterator[str]:
        if schema:
            yield f"# yaml-language-server: $schema={schema}"
        yield from (f"## {line}" for line in self.heading())
        yield ""
        yield f"type: {self.type}"
        for label, fields in self.groups():
            yield ""
            yield f"## ---- {label} ----"
            for field in fields:
                yield ""
                yield from (f"## {line}" for line in self.about(field))
                yield from self._yaml_lines(field)

    def _yaml_lines(self, field: Field) -> Iterator[str]:
        name = self._key(field)
        example = example_of(field, self.names)
        needed = self.level(field) is not None
        if example is None:
            spelled = spelled_example(field)
            if spelled:
                yield f"## In Turtle: {spelled}"
            if needed:
                yield f"{name}:"
            return
        value = as_plain(example, field, self.fields, self.names)
        lines = _yaml(value)
        if needed:
            yield f"{name}:"
            yield from (f"#   {line}" for line in lines)
        elif len(lines) == 1:
            yield f"# {name}: {lines[0]}"
        else:
            yield f"# {name}:"
            yield from (f"#   {line}" for line in lines)

    def _key(self, field: Field) -> str:
        """Return the shortest name that means the field here."""
        name = self.names.name_of(field.path)
        short = name.rpartition(":")[2]
        found = self.names.property_of(short, self.fields)
        return short if found is not None and found.iri == field.path else name

    # -- Turtle

    def turtle(self) -> Iterator[str]:
        yield from (f"## {line}" for line in self.heading())
        yield ""
        examples = {one.path: example_of(one, self.names) for one in self.shown}
        text = "\n".join(one.turtle for one in examples.values() if one)
        used = {"dct", *re.findall(r"(?<![\w<:/.\"-])([a-z][\w-]*):(?=[A-Za-z])", text)}
        deciding = self._class(used)
        for prefix, iri in PREFIXES.items():
            if prefix in used:
                yield f"@prefix {prefix}: <{iri}> ."
        yield ""
        yield f"<> a {deciding} ."
        for label, fields in self.groups():
            yield ""
            yield f"## ---- {label} ----"
            for field in fields:
                yield ""
                yield from (f"## {line}" for line in self.about(field))
                yield from self._turtle_lines(field, examples[field.path])

    def _class(self, used: set[str]) -> str:
        """Return the deciding class as Turtle writes it, and note its prefix as used."""
        iri = self.library.shapes.item_types[self.type]
        for prefix, namespace in PREFIXES.items():
            if iri.startswith(namespace):
                used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def _turtle_lines(self, field: Field, example: Example | None) -> Iterator[str]:
        if field.required == "draft" and example is not None:
            yield '<> dct:title ""@en .' if field.path.endswith("/title") else example.turtle
            yield f"## Example: {spelled_example(field)}"
        elif example is not None:
            yield f"# {example.turtle}"
        elif spelled := spelled_example(field):
            yield f"## Example: {spelled}"

    # -- JSON

    def json(self, schema: str | None) -> str:
        document: dict[str, Any] = {"$schema": schema} if schema else {}
        document["type"] = self.type
        fields = [one for _, group in self.groups() for one in group]
        for field in sorted(fields, key=lambda one: _RANKS[self.level(one)]):
            document[self._key(field)] = "" if field.required == "draft" else None
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False)


def _yaml(value: Any) -> list[str]:
    """Return a value as lines of YAML."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Dates stand without quotation marks: they are read as the texts that they are."""

    Dumper.yaml_implicit_resolvers = {
        first: [rule for rule in rules if not rule[0].endswith("timestamp")]
        for first, rules in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }
    said = yaml.dump(value, None, Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return str(said).removesuffix("...\n").rstrip("\n").split("\n")
