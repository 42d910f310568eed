"""The word that opens a link: agreed aloud in the call, kept hashed, asked at every opening."""

import base64
import hashlib
import secrets
import unicodedata

from django.utils.crypto import constant_time_compare

from victimcontact.lib.hashing import keyed_hash

SHORTEST = 4
LONGEST = 60
# 16 MB and some 50 ms a try: nothing to a person, much to someone with a stolen table.
_COST = {"n": 2**14, "r": 8, "p": 1}


class WordUnfit(ValueError):
    """The word cannot open a link. The message is for the person who typed it."""


def normalise(word: str) -> str:
    """What is compared: letters and digits alone, without case and accents.

    "Café au lait!" and "cafe AU lait" are one word: it was agreed by voice, nobody spelled it.
    """
    plain = unicodedata.normalize("NFKD", word[: LONGEST * 4]).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", plain) if c.isalnum())


def check_opening_word(word: str, *, help_word: str = "", known: tuple[str, ...] = ()) -> None:
    """Raise WordUnfit unless ``word`` may open a link.

    ``help_word`` is the word that calls for help in the room: saying one must never reveal the
    other. ``known`` are things anyone at home knows (a name, a date of birth, a postcode).
    """
    plain = normalise(word)
    if len(plain) < SHORTEST:
        raise WordUnfit(f"Choose a word of {SHORTEST} letters or more")
    if len(word) > LONGEST:
        raise WordUnfit(f"Choose a word of {LONGEST} letters or fewer")
    if help_word and plain == normalise(help_word):
        raise WordUnfit("The word that opens the link and the word for help must be different")
    if plain in {normalise(item) for item in known if item}:
        raise WordUnfit("Choose a word that someone at home would not guess")


def set_opening_word(plan, word: str) -> None:
    """Keep ``word`` on ``plan``, hashed; saves the plan's column if the plan is already a row.

    Raises WordUnfit. Nobody can read the word back: a forgotten one is replaced.
    """
    contact = plan.contact
    known = (contact.name, *contact.name.split(), contact.date_of_birth, contact.phone)
    check_opening_word(word, help_word=plan.help_word, known=known)
    plan.opening_word_hash = hash_word(word)
    if not plan._state.adding:
        plan.save(update_fields=["opening_word_hash"])


def hash_word(word: str) -> str:
    """Salted, slow, and keyed with a key that is not in the database: "scrypt$salt$hash"."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_text(salt)}${_text(_slow(word, salt))}"


def is_right(word: str, stored: str) -> bool:
    """Whether ``word`` is the one hashed in ``stored``; takes as long when ``stored`` is empty."""
    _, salt, expected = stored.split("$") if stored else ("", _text(bytes(16)), "")
    given = _text(_slow(word, base64.b64decode(salt)))
    # Compared first: an empty hash must not answer sooner than a wrong word.
    same = constant_time_compare(given, expected)
    return same and bool(stored) and bool(normalise(word))


def _slow(word, salt):
    peppered = keyed_hash("opening word", normalise(word))
    return hashlib.scrypt(peppered.encode(), salt=salt, dklen=32, **_COST)


def _text(raw):
    return base64.b64encode(raw).decode()
