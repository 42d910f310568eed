"""Columns that are unreadable in a stolen database: AES-256-GCM, keys outside it, versioned.

A stored value is ``format (1 byte) | key number (1) | nonce (12) | ciphertext and tag``. The table
and column are authenticated with it, so a value moved to another column does not open. The last
key of ``FIELD_KEYS`` writes; every key reads; ``manage.py rotate_keys`` re-writes the rest.
Encrypted columns cannot be searched: keep a ``blind_index`` beside one that must be found.
"""

import base64
import json
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from victimcontact.lib.hashing import keyed_hash

FORMAT = 1


class Unreadable(Exception):
    """The value was changed, belongs to another column, or its key is not among FIELD_KEYS."""


@lru_cache
def _cipher(number: int) -> AESGCM:
    try:
        key = base64.b64decode(settings.FIELD_KEYS[str(number)])
    except KeyError:
        raise Unreadable(f"Key {number} is not among FIELD_KEYS.") from None
    if len(key) != 32:
        raise ImproperlyConfigured(f"Key {number} of FIELD_KEYS is not 32 bytes.")
    return AESGCM(key)


def current_key() -> int:
    """The number of the key that writes."""
    return int(list(settings.FIELD_KEYS)[-1])


def encrypt(text: str, place: str) -> bytes:
    """``text`` as bytes that only ``decrypt`` with the same ``place`` (table.column) opens."""
    number, nonce = current_key(), os.urandom(12)
    sealed = _cipher(number).encrypt(nonce, text.encode(), place.encode())
    return bytes([FORMAT, number]) + nonce + sealed


def decrypt(data: bytes, place: str) -> str:
    """The text that ``encrypt`` was given. Raises Unreadable."""
    data = bytes(data)
    if len(data) < 14 or data[0] != FORMAT:
        raise Unreadable(f"Not an encrypted value: {place}")
    try:
        return _cipher(data[1]).decrypt(data[2:14], data[14:], place.encode()).decode()
    except InvalidTag:
        raise Unreadable(f"Changed, or of another column: {place}") from None


def blind_index(kind: str, value: str) -> str:
    """A keyed hash by which an encrypted ``value`` can be found; empty for an empty value.

    ``kind`` names what it is ("phone", "email"). Give a normalised value: equality is by bytes.
    """
    return keyed_hash(f"index:{kind}", value) if value else ""


class EncryptedTextField(models.Field):
    """Text, encrypted in the column. Only ``isnull`` can be looked up."""

    description = "Encrypted text"

    def db_type(self, connection):
        return "bytea"

    @property
    def place(self):
        """What is authenticated beside the value: its table and column."""
        return f"{self.model._meta.db_table}.{self.column}"

    def get_lookup(self, lookup_name):
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: find it by its blind index.")
        return super().get_lookup(lookup_name)

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        if value is None or isinstance(value, (bytes, memoryview)):
            return value
        return encrypt(self.pack(value), self.place)

    def from_db_value(self, value, expression, connection):
        return None if value is None else self.unpack(decrypt(value, self.place))

    def pack(self, value) -> str:
        """The Python value as text."""
        return str(value)

    def unpack(self, text: str):
        """The text as the Python value."""
        return text

    def formfield(self, **kwargs):
        from django import forms

        return super().formfield(
            **{"form_class": forms.CharField, "widget": forms.Textarea, **kwargs}
        )


class EncryptedJSONField(EncryptedTextField):
    """A JSON value, encrypted in the column."""

    description = "Encrypted JSON"

    def pack(self, value):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)

    def unpack(self, text):
        return json.loads(text)

    def to_python(self, value):
        return json.loads(value) if isinstance(value, str) else value

    def value_from_object(self, obj):
        return self.pack(super().value_from_object(obj))
