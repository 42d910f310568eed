"""Visits: the victim's session, opened by the agreed word and bound to one browser.

A session ends when its person leaves, after ten idle minutes, after an hour (for an appointment:
when that is over), when the link is opened again anywhere, and when the link is revoked.
Source: OWASP ASVS 5.0, 7.3 and 7.4.
"""

import logging
import secrets
import time
from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.shortcuts import render
from django.utils.timezone import now

from victimcontact.accounts.middleware import open_to_all
from victimcontact.audit import ledger
from victimcontact.lib.addresses import client_address
from victimcontact.lib.hashing import keyed_hash
from victimcontact.people import links, words
from victimcontact.people.models import Link, Visit
from victimcontact.people.signals import link_locked, visit_ended, visit_opened

log = logging.getLogger(__name__)

LINK_OUTLIVES_PURPOSE = timedelta(hours=24)
# An interview may overrun its slot, and the signature comes last.
OVERRUN = timedelta(hours=2)
# Reading is also written, but no more often than this.
SEEN_EVERY = timedelta(seconds=30)
WRONG_WORDS_PER_ADDRESS = 20
WRONG_WORDS_WITHIN_SECONDS = 15 * 60
# Refusals take this long, so that the clock does not tell an unknown link from a wrong word.
REFUSAL_SECONDS = 0.2


class NotOpened(Exception):
    """The door stays shut. It says no more: unknown, expired, revoked and wrong are alike."""


def open_visit(token: str, word: str, request, at):
    """Open the link of ``token`` with ``word``. Returns (Visit, key); the key goes in the cookie.

    Ends the visit that this link, or another to the same thing, had before. Writes the ledger.
    Raises NotOpened in every other case; the fifth wrong word closes the link for good and sends
    ``link_locked``.
    """
    began = time.monotonic()
    address = client_address(request)
    if not _too_many_from(address):
        opened = _judge(token, word, at)
        if opened is not None:
            return opened
        _count_wrong(address)
    time.sleep(max(0, REFUSAL_SECONDS - (time.monotonic() - began)))
    raise NotOpened


@transaction.atomic
def _judge(token, word, at):
    # Lock before judging: of fifty words sent at once, five are judged.
    link = _locked(links.find(token))
    plan = link.contact.plan if link else None
    is_open = link is not None and links.is_open(link, at)
    # An unknown link costs the same slow hash as a known one.
    right = words.is_right(word, plan.opening_word_hash if plan and is_open else "")
    if not is_open:
        return None
    if not right:
        _count_against(link, at)
        return None

    alike = Visit.objects.filter(
        link__contact=link.contact_id,
        link__purpose=link.purpose,
        link__about_id=link.about_id,
        ended_at=None,
    )
    for earlier in alike.order_by("pk"):
        end(earlier, at=at, why="replaced")
    key = secrets.token_urlsafe(32)
    visit = Visit.objects.create(
        link=link,
        key_hash=_hash(key),
        opened_at=at,
        last_seen_at=at,
        ends_at=_ends_at(link, at),
    )
    ledger.record("visit.opened", by=visit, about=link, at=at, purpose=link.purpose)
    visit_opened.send(sender=Visit, visit=visit, at=at)
    return visit, key


def _locked(link):
    """``link`` as it is now, locked with all others of its person to the same thing."""
    if link is None:
        return None
    alike = Link.objects.select_for_update(of=("self",)).filter(
        contact=link.contact_id, purpose=link.purpose, about_id=link.about_id
    )
    return next(each for each in alike.order_by("pk") if each.pk == link.pk)


def _count_against(link, at):
    link.wrong_tries += 1
    link.save(update_fields=["wrong_tries"])
    ledger.record("link.word_wrong", about=link, at=at, tries=link.wrong_tries)
    if link.wrong_tries == Link.MOST_TRIES:
        ledger.record("link.locked", about=link, at=at)
        link_locked.send(sender=Link, link=link, at=at)


def _ends_at(link, at):
    longest = at + timedelta(minutes=settings.VISIT_ABSOLUTE_MINUTES)
    if link.purpose in (Link.Purpose.APPOINTMENT, Link.Purpose.COMPANION):
        longest = max(longest, link.expires_at - LINK_OUTLIVES_PURPOSE + OVERRUN)
    return min(longest, link.expires_at)


def find(key: str, at) -> Visit | None:
    """The live visit of this cookie value, with its link and contact, or None.

    Sockets ask this too, at connecting and now and then after.
    """
    if not key:
        return None
    visit = Visit.objects.select_related("link__contact").filter(key_hash=_hash(key)).first()
    return visit if visit is not None and is_live(visit, at) else None


def is_shut(key: str) -> bool:
    """Whether the link that this browser had opened was shut since: its word opens it no more."""
    shut = Visit.objects.filter(key_hash=_hash(key), link__revoked_at__isnull=False)
    return bool(key) and shut.exists()


def is_live(visit, at) -> bool:
    """Whether ``visit`` may still be used: not ended, in time, not idle, its link not revoked."""
    idle = timedelta(minutes=settings.VISIT_IDLE_MINUTES)
    return (
        visit.ended_at is None
        and at < visit.ends_at
        and at - visit.last_seen_at < idle
        and visit.link.revoked_at is None
        and at < visit.link.expires_at
    )


def seconds_left(visit, at) -> int:
    """How long ``visit`` lives if nobody touches it; 0 when it is over."""
    if visit is None or not is_live(visit, at):
        return 0
    idle_ends = visit.last_seen_at + timedelta(minutes=settings.VISIT_IDLE_MINUTES)
    ends = min(idle_ends, visit.ends_at, visit.link.expires_at)
    return max(0, int((ends - at).total_seconds()))


def touch(visit, at) -> None:
    """Note that ``visit`` is in use. A call in the room counts as use: its socket calls this."""
    Visit.objects.filter(pk=visit.pk, ended_at=None, last_seen_at__lt=at - SEEN_EVERY).update(
        last_seen_at=at
    )


@transaction.atomic
def end(visit, *, at, why):
    """End ``visit``. ``why`` is exit, replaced or revoked. Asked twice, changes nothing."""
    visit = Visit.objects.select_for_update().get(pk=visit.pk)
    if visit.ended_at is not None:
        return
    visit.ended_at, visit.ended_why = at, why
    visit.save(update_fields=["ended_at", "ended_why"])
    ledger.record("visit.ended", by=visit, about=visit.link, at=at, why=why)
    visit_ended.send(sender=Visit, visit=visit, at=at)


def require_visit(purpose):
    """Guard a victim's view: a live visit of this purpose becomes ``request.visit``.

    Anyone else gets a neutral page that asks for the link again (403), always the same; but not
    whoever had opened a link that was shut since (let out, moved, sent again): to ask for that one
    would lead them to a door that stays shut. It does not say why.
    """
    purpose = Link.Purpose(purpose)

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            at = now()
            key = request.COOKIES.get(settings.VISIT_COOKIE_NAME, "")
            visit = find(key, at)
            if visit is None or visit.link.purpose != purpose:
                context = {"is_shut": visit is None and is_shut(key)}
                return render(request, "people/closed.html", context, status=403)
            touch(visit, at)
            request.visit = visit
            return view(request, *args, **kwargs)

        guarded.required_visit = purpose
        return open_to_all(guarded)

    return decorate


def set_cookie(response, key: str) -> None:
    """Give the browser its key, for as long as it stays open and no longer."""
    response.set_cookie(
        settings.VISIT_COOKIE_NAME,
        key,
        secure=settings.SECURE,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def delete_cookie(response) -> None:
    """Take the key out of the browser. Not by Set-Cookie's defaults: ``__Host-`` wants Secure."""
    response.set_cookie(
        settings.VISIT_COOKIE_NAME,
        "",
        max_age=0,
        expires="Thu, 01 Jan 1970 00:00:00 GMT",
        secure=settings.SECURE,
        httponly=True,
        samesite="Strict",
        path="/",
    )


def _throttle_key(address):
    return f"wrong-words:{keyed_hash('address', address)}"


def _too_many_from(address) -> bool:
    try:
        return cache.get(_throttle_key(address), 0) >= WRONG_WORDS_PER_ADDRESS
    except Exception:
        # The link's own count is in the database and still holds; a lost cache must not shut
        # every victim out.
        log.warning("wrong words are not counted by address: the cache does not answer")
        return False


def _count_wrong(address):
    key = _throttle_key(address)
    try:
        cache.add(key, 0, WRONG_WORDS_WITHIN_SECONDS)
        cache.incr(key)
    except Exception:
        log.warning("a wrong word was not counted by address: the cache does not answer")


def _hash(key):
    return keyed_hash("visit", key)
