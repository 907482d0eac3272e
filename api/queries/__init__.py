"""The example queries of `/sparql`: files of SPARQL whose first comment is the question."""

from importlib.resources import files

from api.asking import ExampleQuery


def _read() -> tuple[ExampleQuery, ...]:
    found = []
    for file in sorted(files("api.queries").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".rq"):
            text = file.read_text(encoding="utf-8")
            title, question, query = text.split("\n", 2)
            found.append(
                ExampleQuery(
                    slug=file.name.removesuffix(".rq")[3:],
                    title=title.removeprefix("# "),
                    question=question.removeprefix("# "),
                    query=query.strip() + "\n",
                )
            )
    return tuple(found)


EXAMPLES = _read()
