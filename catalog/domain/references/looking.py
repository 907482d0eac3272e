"""Whom to ask about an address, whatever its kind."""

from urllib.parse import urlsplit

from catalog.domain.references import github, hugging_face, images, plain
from catalog.domain.references.addresses import Address, GitHub, HuggingFace, Image
from catalog.domain.references.asking import Looking


def look(address: Address, *, whole: bool = True) -> Looking:
    """Return the questions to ask, as a generator that returns what was found.

    whole  whether words for a description are wanted too, or only what identifies the bytes
    """
    match address:
        case GitHub():
            return github.look(address, whole=whole)
        case Image():
            return images.look(address, whole=whole)
        case HuggingFace():
            return hugging_face.look(address)
        case _:
            return plain.look(address)


def host_of(address: Address) -> str:
    """Return the host that is asked, so that each is asked one thing at a time."""
    match address:
        case GitHub():
            return urlsplit(github.API).netloc
        case Image():
            return address.registry
        case HuggingFace():
            return urlsplit(hugging_face.HOME).netloc
        case _:
            return urlsplit(address.url).netloc
