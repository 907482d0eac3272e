"""A person at a browser without scripts: reads a form as it stands, changes it, and sends it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.sites import Site


@dataclass
class PageForm:
    """The fields of a form as a browser would send them, in the order of the page."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """Return what stands in a control; the last of that name is what counts."""
        return [value for known, value in self.fields if known == name][-1]

    def __contains__(self, name: str) -> bool:
        return any(known == name for known, _ in self.fields)

    def fill(self, **typed: str) -> "PageForm":
        """Return the form with other values; `__` in a name stands for a dot, `_` for a hyphen."""
        named = {name.replace("__", ".").replace("_", "-"): said for name, said in typed.items()}
        return self.set(named)

    def set(self, named: dict[str, str]) -> "PageForm":
        """Return the form with other values, by the names of their controls."""
        kept = [(name, value) for name, value in self.fields if name not in named]
        return PageForm(self.action, [*kept, *named.items()])


class _Reader(HTMLParser):
    """Reads the one form for items that a page has, or all that are sent to an address."""

    def __init__(self, page: str, action: str | None = None) -> None:
        super().__init__(convert_charrefs=True)
        self.form: PageForm | None = None
        self.forms: list[PageForm] = []
        self._action = action
        self._is_inside = False
        self._select: tuple[str, list[str], list[str]] | None = None
        self._area: tuple[str, list[str]] | None = None
        self.feed(page.replace("\r\n", "\n").replace("\r", "\n"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and (
            "describing" in said.get("class", "")
            if self._action is None
            else said.get("action") == self._action
        ):
            self.form, self._is_inside = PageForm(said["action"]), True
            self.forms.append(self.form)
        if not self._is_inside or self.form is None:
            return
        if tag == "input" and (said.get("type") not in {"checkbox", "radio"} or "checked" in said):
            self.form.fields.append((said["name"], said.get("value", "")))
        if tag == "select":
            self._select = (said["name"], [], [])
        if tag == "option" and self._select:
            self._select[1].append(said.get("value", ""))
            if "selected" in said:
                self._select[2].append(said.get("value", ""))
        if tag == "textarea":
            self._area = (said["name"], [])

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self.form is None:
            return
        if tag == "form":
            self._is_inside = False
        if tag == "select" and self._select:
            name, options, chosen = self._select
            self.form.fields.append((name, (chosen or options)[0]))
            self._select = None
        if tag == "textarea" and self._area:
            text = "".join(self._area[1]).removeprefix("\n").replace("\n", "\r\n")
            self.form.fields.append((self._area[0], text))
            self._area = None


class Reader:
    """Somebody who is signed in, without scripts."""

    def __init__(self, site: Site, who: str | None = "owner") -> None:
        self.client: FlaskClient = site.app.test_client()
        if who:
            self.client.post("/sign-in", data={"token": site.tokens[who]})

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers={"Accept": "text/html"}, buffered=True)

    def form(self, path: str) -> PageForm:
        """Open a page and return its form."""
        return form_of(self.get(path))

    def send(self, form: PageForm, do: str = "save", accept: str = "text/html") -> TestResponse:
        """Press a button of a form."""
        data: dict[str, list[str]] = {}
        for name, value in (*form.fields, ("do", do)):
            data.setdefault(name, []).append(value)
        return self.client.post(form.action, data=data, headers={"Accept": accept}, buffered=True)


def forms_to(answer: TestResponse, action: str) -> list[PageForm]:
    """Return the forms of a page that are sent to an address, in their order."""
    return _Reader(answer.text, action).forms


def form_of(answer: TestResponse) -> PageForm:
    """Return the form of a page."""
    found = _Reader(answer.text).form
    assert found is not None, answer.text[:2_000]
    return found
