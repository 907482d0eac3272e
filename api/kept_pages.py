"""Pages of public items, kept once rendered for as long as nothing that they show has moved."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from flask import Response, request

from api.answers import conditional
from api.context import parts
from api.negotiation import languages
from catalog.domain.errors import NotFound
from catalog.services.read import public_stage

_MOST_BYTES = 64_000_000
_LANGUAGES = 2
"""How many of a reader's languages pages look at."""


@dataclass(frozen=True, slots=True)
class _Page:
    mark: str
    content: bytes
    headers: tuple[tuple[str, str], ...]


class _Shelf:
    """A small store of rendered pages; what was used longest ago goes first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[object, ...], _Page] = OrderedDict()
        self._size_bytes = 0
        self._lock = Lock()

    def get(self, key: tuple[object, ...], mark: str) -> _Page | None:
        with self._lock:
            found = self._pages.get(key)
            if found is None or found.mark != mark:
                return None
            self._pages.move_to_end(key)
            return found

    def put(self, key: tuple[object, ...], page: _Page) -> None:
        with self._lock:
            self._drop(self._pages.pop(key, None))
            self._pages[key] = page
            self._size_bytes += len(page.content)
            while self._size_bytes > _MOST_BYTES:
                self._drop(self._pages.popitem(last=False)[1])

    def _drop(self, page: _Page | None) -> None:
        self._size_bytes -= len(page.content) if page else 0


_SHELF = _Shelf()


def kept(item_id: str, n: int | None, render: Callable[[], Response]) -> Response:
    """Return the page of an item for somebody without an account, rendered at most once a state.

    Items that it cites, or that cite it, change a page too; so what it depends on is its own
    state and the number of the last event of the whole catalog, asked of the record each time.
    """
    mark = public_stage(parts(), item_id, n)
    if mark is None:
        raise NotFound
    if request.query_string:
        return render()
    place = (parts().settings.base, parts().library.version)
    key = (*place, item_id, n, request.path, languages()[:_LANGUAGES])
    page = _SHELF.get(key, mark)
    if page is not None:
        response = Response(page.content, headers=list(page.headers))
        return conditional(response)
    response = render()
    if response.status_code == 200:
        headers = tuple((name, value) for name, value in response.headers)
        _SHELF.put(key, _Page(mark, response.get_data(), headers))
    return response
