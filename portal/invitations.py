"""Letting a victim into the portal: a separate, later act than opening the case, and one that
can be taken back.

How long a link lives. A link lives until 24 hours after its purpose ends. The purpose of a
portal link is to follow the case, and after it is closed to ask within three months that the
decision be looked at again. So each link lives for 90 days and 24 hours, and every message brings
a new one: who follows the case always has one that opens, and a text left in a drawer dies. The
shorter 72 hours of a bare invitation is not needed here: the word agreed in the call opens it,
five wrong words close it, and an invitation made anew shuts all that were before.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from messaging import outbox, staff_tasks
from messaging.models import Notification, StaffTask
from portal import permissions, selectors
from portal.models import Case, CaseEvent
from victimcontact.audit import ledger
from victimcontact.people import links, words
from victimcontact.people.models import Link
from victimcontact.people.visits import LINK_OUTLIVES_PURPOSE

LINK_LIVES = timedelta(days=90) + LINK_OUTLIVES_PURPOSE
# Pressed twice, or in two tabs: one invitation, not two texts in somebody's hand.
AGAIN_AFTER = timedelta(minutes=1)
# The text before this one may still be on its way, or be the one she kept: it stays good.
LINKS_KEPT_OPEN = 2
TEXTS_OFF, TEXTS_ON = "texts_off", "texts_on"


class NoOpeningWord(Exception):
    """No word is agreed that would open the link. Agree one by voice first."""


@dataclass(frozen=True)
class Invitation:
    """What came of inviting: a notification on its way, or the reasons why not."""

    notification: Notification | None
    reasons: tuple[str, ...]  # keys of permissions.REASONS

    @property
    def is_made(self) -> bool:
        return self.notification is not None


@transaction.atomic
def invite(case, *, by, at) -> Invitation:
    """Invite the victim, or record why they may not be: the same rights then go by safe call.

    Inviting again shuts every link that was sent before, and ends a session; within a minute it
    changes nothing. Raises NoOpeningWord.
    """
    case = _locked(case)
    reasons = _reasons(case, at)
    if reasons:
        _shut(case, reasons, by=by, at=at)
        return Invitation(None, reasons)
    if not case.contact.plan.opening_word_hash:
        raise NoOpeningWord
    if case.invited_at is not None and at - case.invited_at < AGAIN_AFTER:
        return Invitation(_last_invitation(case), ())

    links.revoke_all(about_id=case.pk, by=by, at=at, reason="invited again")
    outbox.cancel_unsent(about=case, at=at)
    notification = _send("portal_invitation", case, by=by, at=at)
    case.invited_at, case.not_invited_reason = at, ""
    case.save(update_fields=["invited_at", "not_invited_reason"])
    CaseEvent.objects.create(
        case=case, type="invited", happened_at=at, recorded_at=at, recorded_by=by
    )
    ledger.record("portal.invited", by=by, about=case, at=at)
    return Invitation(notification, ())


@transaction.atomic
def tell(case, *, by, at) -> Notification | None:
    """Tell the victim that there is something to read, without a word of what it is about.

    None when nothing is queued: not invited, no texts wanted, or one such text is still waiting
    to go. Where it has become unsafe meanwhile the portal is shut and staff are told.
    """
    case = _locked(case)
    if case.invited_at is None:
        return None
    reasons = _dangers(case, at)
    if reasons:
        _shut(case, reasons, by=by, at=at)
        return None
    if not selectors.wants_texts(case) or _one_is_waiting(case):
        return None
    return _send("portal_message", case, by=by, at=at)


@transaction.atomic
def reconsider(case, *, by, at) -> tuple[str, ...]:
    """Ask again whether the portal is safe; shut it at once if not. Returns the reasons."""
    case = _locked(case)
    if case.invited_at is None:
        return ()
    reasons = _dangers(case, at)
    if reasons:
        _shut(case, reasons, by=by, at=at)
    return reasons


@transaction.atomic
def choose_texts(case, *, wanted: bool, visit, at) -> None:
    """Keep what the victim chose about texts that say there is something to read."""
    if selectors.wants_texts(case) == wanted:
        return
    CaseEvent.objects.create(
        case=case, type=TEXTS_ON if wanted else TEXTS_OFF, happened_at=at, recorded_at=at
    )
    if not wanted:
        outbox.cancel_unsent(about=case, at=at, templates=("portal_message",))
    ledger.record("portal.texts_chosen", by=visit, about=case, at=at, wanted=wanted)


@transaction.atomic
def agree_word(case, word: str, *, by, at) -> None:
    """Keep the word that the victim and staff agreed by voice. Raises people.words.WordUnfit."""
    plan = case.contact.plan
    words.set_opening_word(plan, word)
    ledger.record("contact_plan.word_agreed", by=by, about=plan, at=at)


@transaction.atomic
def send_to_new_number(case, *, by, at) -> None:
    """Text a new link, where the portal is still safe: every link to the old number is shut."""
    case = _locked(case)
    if case.invited_at is None or reconsider(case, by=by, at=at):
        return
    outbox.cancel_unsent(about=case, at=at)
    _send("link_again", case, by=by, at=at)


def _send(template, case, *, by, at):
    _, token = links.issue(
        contact=case.contact,
        purpose=Link.Purpose.PORTAL,
        about_id=case.pk,
        expires_at=at + LINK_LIVES,
        by=by,
        at=at,
    )
    still_open = Link.objects.filter(
        about_id=case.pk, purpose=Link.Purpose.PORTAL, revoked_at=None
    ).order_by("-issued_at", "-pk")
    for old in still_open[LINKS_KEPT_OPEN:]:
        # Somebody may be reading behind this one.
        if not old.visits.filter(ended_at=None, ends_at__gt=at).exists():
            links.revoke(old, by=by, at=at, reason="newer text")
    return outbox.queue(
        template,
        to=case.contact,
        about=case,
        context={"link": links.address(Link.Purpose.PORTAL, token)},
        at=at,
        useful_until=at + LINK_LIVES - LINK_OUTLIVES_PURPOSE,
        by=by,
    )


def _shut(case, reasons, *, by, at):
    """Shut the portal without a word to the victim's phone; staff ring instead."""
    was_open = case.invited_at is not None
    case.invited_at, case.not_invited_reason = None, " ".join(reasons)[:100]
    case.save(update_fields=["invited_at", "not_invited_reason"])
    ledger.record("portal.not_invited", by=by, about=case, at=at, reasons=list(reasons))
    if not was_open:
        return
    links.revoke_all(about_id=case.pk, by=by, at=at, reason="portal shut")
    outbox.cancel_unsent(about=case, at=at)
    CaseEvent.objects.create(case=case, type="portal_shut", happened_at=at, recorded_at=at)
    staff_tasks.raise_task(
        StaffTask.Kind.CALL_BACK,
        force=case.force,
        about=case,
        reason="The portal was shut: it is not safe any more. Give updates by a safe call.",
        at=at,
    )


def _reasons(case, at):
    try:
        permissions.check_can_invite(selectors.invitation_facts(case, at))
    except permissions.NotEligible as refusal:
        return refusal.reasons
    return ()


def _dangers(case, at):
    """What shuts a portal that is open. A plan that ran out, or texts that are not wanted any
    more, do not: the outbox holds the text and a person is asked to renew the plan."""
    return tuple(reason for reason in _reasons(case, at) if reason not in permissions.LAPSES)


def _one_is_waiting(case):
    return Notification.objects.filter(
        about_type=case._meta.label_lower,
        about_id=case.pk,
        template="portal_message",
        status=Notification.Status.QUEUED,
    ).exists()


def _last_invitation(case):
    return (
        Notification.objects.filter(
            about_type=case._meta.label_lower, about_id=case.pk, template="portal_invitation"
        )
        .order_by("-queued_at", "-id")
        .first()
    )


def _locked(case):
    return (
        Case.objects.select_for_update(of=("self",))
        .select_related("force", "contact__force", "crime__incident")
        .get(pk=case.pk)
    )
