"""Second factors: enrolling an authenticator, recovery codes, and checking what was typed."""

import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.db import transaction

from victimcontact.accounts.models import RecoveryCode, TOTPDevice
from victimcontact.lib.hashing import keyed_hash

RECOVERY_CODES = 8
# Without letters that look alike.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def confirmed(user) -> bool:
    """Whether ``user`` has an authenticator that was proven to work."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()


def enrolling(user) -> TOTPDevice:
    """The authenticator that ``user`` is setting up: the same until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(
        user=user,
        confirmed=False,
        name="authenticator",
        defaults={"seed": secrets.token_hex(20)},
    )
    return device


def of_demonstration(user) -> TOTPDevice:
    """The second factor of somebody invented: nobody ever sees its seed."""
    device, _ = TOTPDevice.objects.get_or_create(
        user=user,
        name="demonstration",
        defaults={"seed": secrets.token_hex(20), "confirmed": True},
    )
    return device


def secret(device) -> str:
    """The seed as people type it into an app, in groups of four."""
    text = b32encode(bytes.fromhex(device.seed)).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def qr_code(device) -> str:
    """The seed for an app's camera: an SVG as a data URI."""
    label = quote(f"{settings.OTP_TOTP_ISSUER}:{device.user.get_username()}")
    query = urlencode(
        {"secret": secret(device).replace(" ", ""), "issuer": settings.OTP_TOTP_ISSUER}
    )
    return segno.make(f"otpauth://totp/{label}?{query}").svg_data_uri(scale=4, border=2)


@transaction.atomic
def confirm(user, code: str) -> tuple[TOTPDevice, list[str]] | None:
    """Finish enrolling with the first right code: (device, recovery codes to show once) or None."""
    device = TOTPDevice.objects.select_for_update().get(pk=enrolling(user).pk)
    if not device.verify_token(code):
        return None
    device.confirmed = True
    device.save()
    return device, new_recovery_codes(user)


def new_recovery_codes(user) -> list[str]:
    """Replace the recovery codes of ``user``. Only their hashes are kept."""
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.update_or_create(
        user=user,
        name="recovery",
        defaults={"hashes": [keyed_hash("recovery-code", code) for code in codes]},
    )
    return codes


@transaction.atomic
def check(user, code: str):
    """The device of ``user`` that accepts ``code``, or None. A code works once."""
    kind = TOTPDevice if code.strip().isdigit() else RecoveryCode
    for device in kind.objects.select_for_update().filter(user=user, confirmed=True):
        if device.verify_token(code):
            return device
    return None
