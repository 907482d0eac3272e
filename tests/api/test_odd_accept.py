"""Accept headers that nobody meant, on every address that can be read: a clear answer each time."""

import pytest

from api.exports import EXPORTS
from api.signposting import LINKSETS
from tests.api.sites import Site, address_by

ODD = {
    "nothing": "",
    "blanks": "   ",
    "commas": ",,,,;;;",
    "no form at all": "*/*;q=0",
    "html not at all": "text/html;q=0, */*;q=0.1",
    "no number": "application/json;q=NaN, text/html;q=x",
    "endless": "*/*;q=inf, text/turtle;q=1e999",
    "beyond one": "text/turtle;q=7, application/json;q=-3",
    "garbage": 'a"b\\c/;=;q==;profile="; <>{}',
    "no slash": "json, turtle",
    "half a range": "text/, /html, */json",
    "a profile of nobody": 'application/ld+json;profile="https://nobody.example/"',
    "many profiles": f'application/ld+json;profile="{" ".join(["http://a.b/"] * 500)}"',
    "10 kB": ", ".join(f"application/x-{n};q=0.{n % 10}" for n in range(500)),
    "one of 10 kB": "x" * 10_000 + "/" + "y",
    "Latin-1": "text/ht\xfcml, \xff/\xfe",
}


@pytest.fixture(scope="module")
def item(site: Site) -> str:
    """Return the id of a public item that has the file `model`."""
    one = site.with_file("model", title="Asked oddly")
    done = site.owner.post(f"{one.path}/publication?wait=5", If_Match="*")
    assert done.status_code == 200, done.text
    return one.id


@pytest.fixture(scope="module")
def paths(site: Site, item: str) -> list[str]:
    """Return an address for every route that can be read, and for every form of the item."""
    rules = [rule for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    forms = (*(export.suffix for export in EXPORTS), *LINKSETS)
    return [
        *(address_by(rule.rule, id=item, item_id=item) for rule in rules),
        *(f"/items/{item}.{suffix}" for suffix in forms),
    ]


@pytest.mark.parametrize("accept", ODD.values(), ids=ODD)
def test_an_accept_that_nobody_meant_is_no_mistake_of_ours(
    site: Site, paths: list[str], accept: str
) -> None:
    wrong = {}
    for path in paths:
        answer = site.anyone.get(path, Accept=accept)
        if answer.status_code >= 500 or not answer.content_type:
            wrong[path] = (answer.status_code, answer.text[:300])
    assert wrong == {}
