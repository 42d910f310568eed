"""Links: issued into a text, looked up by a keyed hash, revoked."""

import secrets

from django.conf import settings
from django.db import transaction

from victimcontact.audit import ledger
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people.models import Link, Visit

TOKEN_BYTES = 16  # 128 bits: 22 characters in an address

# The staff site issues links that only the public site serves, so these stand here and in
# ``urls_public``; a test holds them together.
LETTERS = {
    Link.Purpose.APPOINTMENT: "a",
    Link.Purpose.PORTAL: "p",
    Link.Purpose.ADVICE: "n",
    Link.Purpose.COMPANION: "c",
}


@transaction.atomic
def issue(*, contact, purpose, about_id, expires_at, by, at):
    """Make a link for ``contact``. Returns (Link, token): the token exists nowhere else.

    ``purpose`` is a Link.Purpose, ``about_id`` the appointment's or case's key, ``expires_at`` an
    aware datetime, 24 hours after the purpose ends. Links issued before stay open: the text that
    carries this one may be held for hours. Revoke them where something has changed.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = Link.objects.create(
        contact=contact,
        purpose=Link.Purpose(purpose),
        about_id=about_id,
        token_hash=_hash(token),
        issued_at=at,
        expires_at=expires_at,
    )
    ledger.record("link.issued", by=by, about=link, at=at, purpose=link.purpose)
    return link, token


def address(purpose, token: str) -> str:
    """The address for a text: neutral, short, on the public host, without a slash at its end."""
    return f"{settings.PUBLIC_URL}/{LETTERS[Link.Purpose(purpose)]}/{token}"


def find(token: str) -> Link | None:
    """The link of this token, whatever its state, or None."""
    return Link.objects.filter(token_hash=_hash(token)).first()


def is_open(link, at) -> bool:
    """Whether the right word would open ``link`` at this moment."""
    return (
        link.revoked_at is None
        and link.issued_at <= at < link.expires_at
        and link.wrong_tries < Link.MOST_TRIES
    )


@transaction.atomic
def revoke(link, *, by, at, reason):
    """Shut ``link`` and end its visit from the next request on. Asked twice, changes nothing.

    ``reason`` is a few words for the ledger (at most 40 characters), without personal data.
    """
    from victimcontact.people import visits  # which looks links up here

    link = Link.objects.select_for_update().get(pk=link.pk)
    if link.revoked_at is not None:
        return link
    link.revoked_at, link.revoked_reason = at, reason
    link.save(update_fields=["revoked_at", "revoked_reason"])
    ledger.record("link.revoked", by=by, about=link, at=at, reason=reason)
    for visit in Visit.objects.filter(link=link, ended_at=None):
        visits.end(visit, at=at, why="revoked")
    return link


@transaction.atomic
def revoke_all(*, by, at, reason, contact=None, about_id=None):
    """Shut every link of a contact, or about one appointment or case. Returns how many.

    For a changed number, a withdrawn consent, a closed case, a device in the wrong hands.
    """
    if contact is None and about_id is None:
        raise ValueError("Say whose links, or what they are about.")
    links = Link.objects.filter(revoked_at=None).order_by("pk")
    if contact is not None:
        links = links.filter(contact=contact)
    if about_id is not None:
        links = links.filter(about_id=about_id)
    for link in links:
        revoke(link, by=by, at=at, reason=reason)
    return len(links)


def _hash(token):
    # A token copied out of a sentence may bring its full stop along.
    return keyed_hash("link", token.rstrip(".,;:!?)"))
