"""Suffixes that the registrar draws: six characters of Crockford's base 32 and a checksum."""

from secrets import randbelow

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LARGEST = 2**30 - 1


def drawn(number: int | None = None) -> str:
    """Return a suffix such as `b09z-4k37`: of a number up to 2**30 - 1, or of chance."""
    value = randbelow(_LARGEST) if number is None else number % (_LARGEST + 1)
    letters = "".join(_ALPHABET[value >> shift & 31] for shift in range(25, -1, -5))
    return f"{letters[:4]}-{letters[4:]}{checksum(value):02d}"


def checksum(number: int) -> int:
    """Return the two digits that make the whole congruent to 1, by ISO 7064 modulo 97-10."""
    return 98 - number * 100 % 97
