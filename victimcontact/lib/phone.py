"""Telephone numbers as people say them, kept as E.164."""

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext_lazy as _

# Ofcom keeps these for drama; the numbering plan calls them invalid.
DRAMA = ("+447700900", "+442079460", "+441632960", "+448081570")


EXAMPLE = _("Enter a phone number, like 07700 900 982, or +33 6 12 34 56 78 from abroad")


class PhoneError(ValueError):
    """The text is not a telephone number that can be used. Its message is for the person."""


def parse(text: str, region: str = "GB") -> str:
    """``text`` as E.164 ("+447700900123"). Raises PhoneError."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise PhoneError(EXAMPLE) from None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if settings.PHONE_ALLOW_DRAMA and e164.startswith(DRAMA) and len(e164) == 13:
        return e164
    if not phonenumbers.is_valid_number(number):
        raise PhoneError(EXAMPLE)
    return e164


def display(e164: str) -> str:
    """A number as people read it out: national for this country, else international."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 44
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(number, style)
