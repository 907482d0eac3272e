"""The repositories that may mint: their credentials, prefixes, and where their DOIs may lead."""

from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Repository:
    """An account of the registrar.

    id        such as "SAGE.SANDBOX"; DataCite writes it in capitals and answers in small letters
    password  which is its API key as well
    prefixes  of the DOIs that it may mint
    domains   the hosts that its DOIs may lead to: "example.org", "*.example.org", "*"
    """

    id: str
    password: str
    prefixes: tuple[str, ...]
    domains: tuple[str, ...] = ("*",)

    @classmethod
    def of(cls, said: str) -> "Repository":
        """Return what `ID:PASSWORD:PREFIX[,PREFIX][:DOMAIN[,DOMAIN]]` says; else ValueError."""
        repository_id, password, prefixes, domains, *more = [*said.split(":"), "*"][:5]
        if more not in ([], ["*"]) or not (repository_id and password and prefixes and domains):
            raise ValueError(said)
        if not all(prefix.startswith("10.") for prefix in prefixes.split(",")):
            raise ValueError(said)
        return cls(
            repository_id.upper(), password, tuple(prefixes.split(",")), tuple(domains.split(","))
        )

    @property
    def uid(self) -> str:
        """The id as answers have it."""
        return self.id.lower()

    @property
    def provider(self) -> str:
        """The organisation that it belongs to, as answers have it."""
        return self.uid.split(".")[0]

    def is_known_by(self, password: str) -> bool:
        """Tell whether the password is its own."""
        return compare_digest(password.encode("utf-8", "replace"), self.password.encode())

    def may_mint(self, doi: str) -> bool:
        """Tell whether a DOI, or a prefix alone, begins with a prefix of its own."""
        return doi.split("/", 1)[0] in self.prefixes

    def may_lead_to(self, url: str) -> bool:
        """Tell whether its DOIs may lead to an address."""
        if "*" in self.domains:
            return True
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            return False
        return any(
            host.endswith(domain[1:]) if domain.startswith("*") else host == domain
            for domain in self.domains
        )


DEFAULT = Repository("SAGE.SANDBOX", "sandbox", ("10.5072",))
