"""What a page must know about the request that it answers, beside its own content."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from catalog.domain.writing import House


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the content of a page.

    base        the catalog's address, ends in a slash
    path        the path of this request, with its query, for marking where the reader is
    account     the name of the account that is signed in, None for nobody
    csrf        the token that forms of this session carry, None where there is no session
    sealed      whether the processes that read what users send are sealed off by the kernel
    languages   what the reader prefers, best first, as primary tags: ("de", "en")
    doi_resolver    where DOIs resolve: a DOI appended to it is the DOI's address
    dois_are_tests  whether DOIs are of a test system, and nobody else can resolve them
    own_house       what every form says about the catalog, None for what is told here
    """

    base: str
    path: str
    site_title: str
    account: str | None = None
    csrf: str | None = None
    sealed: bool = True
    languages: tuple[str, ...] = ("en",)
    doi_resolver: str = "https://doi.org/"
    dois_are_tests: bool = False
    own_house: House | None = None

    @property
    def house(self) -> House:
        """What every form says about the catalog itself."""
        told = House(self.base, self.site_title, "", "", "", self.doi_resolver, self.dois_are_tests)
        return self.own_house or told

    @property
    def root(self) -> str:
        """The path under which this catalog lies, from slash to slash.

        Links within the catalog begin with it and not with `base`: who came by another name of
        this machine stays on it, with session and form tokens.
        """
        return urlsplit(self.base).path or "/"

    @property
    def local(self) -> str:
        """The path of this request without the root: `items/{id}`, empty for the front page."""
        return self.path.partition("?")[0].removeprefix(self.root).strip("/")

    def is_at(self, local: str) -> bool:
        """Tell whether this request asks for the page `local` or for one below it."""
        return f"{self.local}/".startswith(f"{local}/")

    def is_exactly(self, local: str) -> bool:
        """Tell whether this request asks for just the page `local`."""
        return self.local == local
