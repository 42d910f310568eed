"""References that people say aloud: short, without look-alikes, with a check character."""

import secrets

# No 0/O, 1/I/L, 5/S, 2/Z, 8/B, no vowels: nothing is misheard, and no word can be spelt.
ALPHABET = "34679CDFGHJKMNPQRTVWXY"


def new(prefix: str, length: int = 6) -> str:
    """A random reference such as "NW-7CK4TQ-H"; the last character checks the rest."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return f"{prefix}-{body}-{check_character(body)}"


def check_character(body: str) -> str:
    """The Luhn mod N character: finds one wrong character and most swapped neighbours."""
    n, total = len(ALPHABET), 0
    for position, character in enumerate(reversed(body)):
        value = ALPHABET.index(character) * (2 if position % 2 == 0 else 1)
        total += value // n + value % n
    return ALPHABET[(n - total % n) % n]


def is_valid(reference: str) -> bool:
    """Whether ``reference`` (spaces and case ignored) carries its right check character."""
    parts = reference.upper().replace(" ", "").split("-")
    if len(parts) != 3 or not parts[1] or any(c not in ALPHABET for c in parts[1]):
        return False
    return check_character(parts[1]) == parts[2]
