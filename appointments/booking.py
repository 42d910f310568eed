"""The diary's writing side: hold, book, move, reassign, cancel; video, visit and station alike.

A slot offered on the phone is a row with an expiry inside the constraint that forbids double
booking, so nobody else can be given it. Locks are taken in one order everywhere: the incident, then
the officer, then appointments. Without the officer's lock the constraint alone deadlocks in a rush.
"""

from datetime import timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Count, Q
from django.db.models.functions import Now

from appointments import answered, notices
from appointments.models import Appointment, PassedOn
from appointments.rosters import skills
from appointments.signals import (
    appointment_booked,
    appointment_cancelled,
    appointment_link_sent_again,
    appointment_moved,
    appointment_reassigned,
)
from appointments.slots import around, desk_for, earliest, is_rostered
from messaging import outbox
from triage import offers
from triage.control import telling
from triage.control.models import News
from triage.models import Incident
from triage.shifts import duty
from victimcontact.accounts.models import User
from victimcontact.audit import ledger
from victimcontact.lib import local_time
from victimcontact.lib.prepared import Prepared
from victimcontact.people import links

AHEAD = (Appointment.Status.BOOKED, Appointment.Status.WAITING)
# What another time may follow.
TALKED_OR_MISSED = (
    Appointment.Status.IN_CALL,
    Appointment.Status.ENDED,
    Appointment.Status.MISSED,
)


class SlotTaken(Exception):
    """Somebody else has the time, or nobody is rostered. ``alternatives``: the nearest Slots."""

    def __init__(self, alternatives=()):
        super().__init__("The time is taken.")
        self.alternatives = list(alternatives)


class NotLearnt(SlotTaken):
    """The officer lacks a skill that this report or this person asks for."""


class NobodyFree(Exception):
    """No officer of the desk can take a call this minute."""


class HoldLapsed(Exception):
    """The hold ran out or was released before it was confirmed."""


class NotChosen(Exception):
    """No recorded choice of this kind, or the current assessment does not allow it."""


class KeyUsed(ValueError):
    """The idempotency key was used for another report: the page must be loaded again."""


class NotReachable(Exception):
    """There is no number to text, or no word agreed that would open the link."""


class AlreadyBooked(Exception):
    """The incident has an appointment, booked from another page: that one is moved, not doubled."""


class NotLive(Exception):
    """The appointment is over, cancelled or moved already."""


@transaction.atomic
def hold(
    *, incident_id, officer_id, starts_at, idempotency_key, by, at, kind="", witness=None
) -> Appointment:
    """Keep a time for a caller while they decide: ``Force.hold_minutes`` long.

    ``starts_at`` is one that ``free_slots`` gave. The appointment is of the kind that was chosen;
    with ``kind`` it is refused where that is another one by now. ``witness`` is the Contact of a
    witness, who has an offer and an appointment of their own; None is the victim. Their earlier
    hold is released. Asked twice with one ``idempotency_key`` it returns the same hold. Raises
    AlreadyBooked, NotChosen, SlotTaken, KeyUsed.
    """
    incident = _lock_incident(incident_id)
    again = _again(idempotency_key, incident)
    if again:
        return again
    appointment, before = _to_hold(incident, witness, kind, idempotency_key, by=by, at=at)
    appointment.officer_id = officer_id
    _occupy(appointment, starts_at=starts_at, at=at, instead_of=before)
    return _held(appointment, by=by, at=at)


@transaction.atomic
def hold_earliest(
    *, incident_id, idempotency_key, by, at, kind="", witness=None, wishes=None
) -> Appointment:
    """``hold`` the earliest time there is, with whichever officer is free then.

    Officers whom somebody else is just booking are passed over, not waited for: when many want the
    earliest at once, each gets one at the first try, and none gets another's. ``wishes`` are
    Wishes, met as ``slots_for`` meets them. Raises as ``hold``.
    """
    incident = _lock_incident(incident_id)
    again = _again(idempotency_key, incident)
    if again:
        return again
    appointment, before = _to_hold(incident, witness, kind, idempotency_key, by=by, at=at)
    _release(before)
    found = earliest(incident, kind=appointment.kind, at=at, wishes=wishes, contact=witness)
    officers = {}
    for slot in found:
        pk = slot.officer_id
        officers[pk] = officers.get(pk) or _lock_officer(pk, skip_locked=True)
        if officers[pk] and _place(appointment, officers[pk], starts_at=slot.starts_at, at=at):
            return _held(appointment, by=by, at=at)
    # All of them are being booked this moment: only who holds none of them may wait for one.
    if found and not any(officers.values()):
        officer = _lock_officer(found[0].officer_id)
        for slot in found:
            mine = slot.officer_id == officer.pk
            if mine and _place(appointment, officer, starts_at=slot.starts_at, at=at):
                return _held(appointment, by=by, at=at)
    raise SlotTaken(around(incident, at, kind=appointment.kind, at=at, contact=witness))


@transaction.atomic
def book(*, appointment_id, by, at) -> Appointment:
    """Turn a held appointment into a booked one and queue its text.

    Returns the Appointment; asked twice, returns it unchanged and queues nothing more. The ledger
    entry, the link, the notification and the change are one transaction; the text leaves after
    commit. Raises HoldLapsed, AlreadyBooked, NotChosen, NotReachable.
    """
    appointment = lock(appointment_id)
    if appointment.status in Appointment.LIVE:
        return appointment
    # The database's clock decides, as it does when others look for free time.
    if appointment.status != Appointment.Status.HELD or appointment.held_until <= appointment.asked:
        raise HoldLapsed
    check_not_booked(appointment.incident, appointment.witness)
    contact = _reachable(appointment.witness or appointment.incident.victim)
    if _chosen(appointment.incident, appointment.witness).pk != appointment.offer_id:
        raise NotChosen
    appointment.status, appointment.held_until = Appointment.Status.BOOKED, None
    appointment.contact, appointment.booked_at = contact, at
    appointment.save(update_fields=["status", "held_until", "contact", "booked_at"])
    ledger.record("appointment.booked", by=by, about=appointment, at=at)
    notices.send_link("booked", appointment, by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=appointment, by=by, at=at)
    return appointment


@transaction.atomic
def move(
    *, appointment_id, officer_id, starts_at, idempotency_key, by, at, is_wished=True
) -> Appointment:
    """Give a booked appointment another time: a new row, the old one cancelled, the victim told.

    It becomes what was chosen last: whoever chose a visit after video gets one. The old link dies,
    the text brings a new one; who comes along is asked again by it. ``by`` is a User, or the Visit
    of the person who moves it by the link. Not ``is_wished`` (the officer fell ill), what they
    asked to have changed is still to be settled. Returns the new one; asked twice, the same.
    Raises NotLive, NotChosen, SlotTaken and KeyUsed (then the old time still stands).
    """
    old = lock(appointment_id)
    again = _again(idempotency_key, old.incident)
    if again:
        return again
    if old.status not in AHEAD:
        raise NotLive
    offer = _chosen(old.incident, old.witness)
    desk = old.desk if offer.chosen in old.desk.kinds else desk_for(old.incident, kind=offer.chosen)
    if desk is None:
        raise SlotTaken
    _end(old, "moved", by=by, at=at)
    new = _occupy(
        Appointment(
            incident=old.incident,
            offer=offer,
            kind=offer.chosen,
            role=old.role,
            desk=desk,
            contact=old.contact,
            officer_id=officer_id,
            status=Appointment.Status.BOOKED,
            held_by=notices.staff(by),
            moved_from=old,
            follows=old.follows,
            idempotency_key=idempotency_key,
            created_at=at,
            booked_at=at,
        ),
        starts_at=starts_at,
        at=at,
    )
    ledger.record(
        "appointment.moved",
        by=by,
        about=new,
        at=at,
        moved_from=str(old.pk),
        kind=new.kind,
        before=old.kind,
    )
    if is_wished:
        answered.wishes(old, note="The appointment was moved", by=by, at=at)
        if notices.staff(by) is not None:
            answered.locked_link(old, note="Moved: a new link was sent", by=by, at=at)
    answered.take_along(old, new)
    notices.told(new, notices.send_link("moved", new, by=by, at=at), by=by, at=at)
    appointment_moved.send(sender=Appointment, appointment=new, before=old, by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=new, by=by, at=at)
    return new


@transaction.atomic
def rebook(
    *, appointment_id, chosen, words, words_version, officer_id, starts_at, idempotency_key, by, at
) -> Appointment:
    """The person chose another way or time themselves: record the choice, then ``move``.

    ``words`` are those of the page on which they chose. Nothing of it stands when the time is
    taken. Raises offers.NotOffered and what ``move`` raises.
    """
    old = lock(appointment_id)
    again = _again(idempotency_key, old.incident)
    if again:
        return again
    if old.status not in AHEAD:
        raise NotLive
    offers.make(
        old.incident,
        chosen=chosen,
        contact=old.witness,
        words=words,
        words_version=words_version,
        by=by,
        at=at,
    )
    return move(
        appointment_id=appointment_id,
        officer_id=officer_id,
        starts_at=starts_at,
        idempotency_key=idempotency_key,
        by=by,
        at=at,
    )


@transaction.atomic
def follow_up(
    *, appointment_id, officer_id, starts_at, idempotency_key, by, at, chosen=""
) -> Appointment:
    """Book the next talk from within this one, during the call or after it; or after it was missed.

    Of the kind that was chosen last, or ``chosen``, which is then recorded as one more Offer. A
    text brings a link of its own. Asked twice, the same. Raises NotLive (this one has not begun or
    was cancelled), AlreadyBooked, NotChosen, SlotTaken, KeyUsed and offers.NotOffered.
    """
    first = lock(appointment_id)
    again = _again(idempotency_key, first.incident)
    if again:
        return again
    if first.status not in TALKED_OR_MISSED and not (
        first.status == Appointment.Status.BOOKED and not first.is_video
    ):
        raise NotLive
    ahead = first.incident.appointments.filter(status__in=AHEAD, **_whose(first.witness))
    if ahead.exclude(pk=first.pk).exists() or first.status == Appointment.Status.BOOKED:
        raise AlreadyBooked
    if chosen:
        offers.make(first.incident, chosen=chosen, contact=first.witness, by=by, at=at)
    offer = _chosen(first.incident, first.witness)
    desk = (
        first.desk if offer.chosen in first.desk.kinds else desk_for(first.incident, offer.chosen)
    )
    if desk is None:
        raise SlotTaken
    appointment = _occupy(
        Appointment(
            incident=first.incident,
            offer=offer,
            kind=offer.chosen,
            role=first.role,
            contact=_reachable(first.contact),
            desk=desk,
            officer_id=officer_id,
            status=Appointment.Status.BOOKED,
            held_by=notices.staff(by),
            follows=first,
            idempotency_key=idempotency_key,
            created_at=at,
            booked_at=at,
        ),
        starts_at=starts_at,
        at=at,
    )
    ledger.record("appointment.booked", by=by, about=appointment, at=at, follows=str(first.pk))
    notices.send_link("booked", appointment, by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=appointment, by=by, at=at)
    return appointment


@transaction.atomic
def now(*, incident_id, words, context, idempotency_key, by, at) -> Appointment:
    """Take the caller of a live 999 or 101 call straight to an officer who is free this minute.

    Only with the caller's yes: ``words`` is the question they said yes to, ``context`` what the
    officer must know; both are kept (PassedOn). The officer is on a shift at the desk, has learnt
    what this report and this person need, has no appointment in the time that the talk takes, and
    has not said busy or away; with the least to do first. The appointment begins at ``at`` and the
    text leaves at once. Asked twice, the same. Raises NobodyFree, AlreadyBooked, NotChosen,
    NotReachable, KeyUsed.
    """
    incident = _lock_incident(incident_id)
    again = _again(idempotency_key, incident)
    if again:
        return again
    check_not_booked(incident, None)
    offer = _chosen(incident, None, Appointment.Kind.VIDEO)
    contact = _reachable(incident.victim)
    desk = desk_for(incident, kind=Appointment.Kind.VIDEO)
    if desk is None:
        raise NobodyFree
    ends_at = at + timedelta(minutes=desk.slot_minutes)
    during = DateTimeTZRange(at, ends_at)
    _release(Q(incident=incident, status=Appointment.Status.HELD, role=Appointment.Role.VICTIM))
    # The gap after the talk may give way, the talk of somebody else may not.
    asked = {*skills.required(incident, at=at), *desk.skills}
    officer = next(_free_now(desk, during, at, asked), None)
    if officer is None:
        raise NobodyFree
    appointment = Appointment.objects.create(
        incident=incident,
        offer=offer,
        kind=offer.chosen,
        contact=contact,
        desk=desk,
        officer=officer,
        during=during,
        occupies=during,
        status=Appointment.Status.BOOKED,
        held_by=by,
        idempotency_key=idempotency_key,
        created_at=at,
        booked_at=at,
    )
    PassedOn.objects.create(
        appointment=appointment, words=words, context=context, passed_at=at, passed_by=by
    )
    ledger.record("appointment.passed_on", by=by, about=appointment, at=at, permission=True)
    ledger.record("appointment.booked", by=by, about=appointment, at=at)
    notices.send_link("now", appointment, by=by, at=at)
    appointment_booked.send(sender=Appointment, appointment=appointment, by=by, at=at)
    return appointment


@transaction.atomic
def reassign(*, appointment_id, officer_id, reason, by, at) -> Appointment:
    """Give a booked appointment to another officer at the same time; the link stays good.

    ``reason`` is a short key for the ledger ("sickness", "fair load"). The victim is told where
    the desk names its officers and they may know the name. To whoever has it already, nothing
    happens. Raises NotLive once it has begun or is over, SlotTaken when that officer is not
    rostered at the desk or not free, NotLearnt when they lack a skill: then it stands as it was.
    """
    incident_id = Appointment.objects.values_list("incident_id", flat=True).get(pk=appointment_id)
    _lock_incident(incident_id)
    # Whose it is changes under the incident's lock alone, so it can be read before its own.
    before = User.objects.get(appointments=appointment_id)
    list(
        User.objects.select_for_update(no_key=True)
        .filter(pk__in=[before.pk, officer_id])
        .order_by("pk")
    )
    appointment = lock(appointment_id)
    if appointment.status not in AHEAD:
        raise NotLive
    if str(officer_id) == str(before.pk):
        return appointment
    officer = User.objects.get(pk=officer_id)
    _release(Q(officer=officer, status=Appointment.Status.HELD, held_until__lte=Now()))
    _check_learnt(officer, appointment, starts_at=appointment.starts_at, at=at)
    if not _is_free(officer, appointment.desk, appointment.occupies):
        raise SlotTaken(_nearest(appointment, appointment.starts_at, at))
    appointment.officer = officer
    appointment.save(update_fields=["officer"])
    ledger.record(
        "appointment.reassigned",
        by=by,
        about=appointment,
        at=at,
        reason=reason,
        before=str(before.pk),
        officer=str(officer.pk),
    )
    plan = appointment.contact.plan
    if appointment.desk.names_officer and plan is not None and plan.officer_name_safe:
        words = notices.template(appointment, "reassigned")
        notices.told(appointment, notices.send(words, appointment, by=by, at=at), by=by, at=at)
    appointment_reassigned.send(
        sender=Appointment, appointment=appointment, before=before, reason=reason, by=by, at=at
    )
    return appointment


@transaction.atomic
def cancel(*, appointment_id, reason, by, at, tell=True) -> Appointment:
    """Give the time back and tell the victim, unless ``tell`` is False. Twice does nothing more.

    ``reason`` is a short key ("victim asked", "worse grade"). Raises NotLive once it has begun.
    """
    appointment = lock(appointment_id)
    if appointment.status == Appointment.Status.CANCELLED:
        return appointment
    if appointment.status == Appointment.Status.HELD:
        return give_back(appointment_id=appointment_id)
    if appointment.status not in AHEAD:
        raise NotLive
    _end(appointment, reason, by=by, at=at)
    ledger.record("appointment.cancelled", by=by, about=appointment, at=at, reason=reason)
    answered.wishes(appointment, note="The appointment was cancelled", by=by, at=at)
    answered.locked_link(appointment, note="The appointment was cancelled", by=by, at=at)
    if tell:
        words = notices.template(appointment, "cancelled")
        notices.told(appointment, notices.send(words, appointment, by=by, at=at), by=by, at=at)
    elif appointment.role == Appointment.Role.VICTIM:
        telling.owe(appointment.incident, what=News.APPOINTMENT, because="cancelled", at=at)
    appointment_cancelled.send(
        sender=Appointment, appointment=appointment, reason=reason, by=by, at=at
    )
    return appointment


@transaction.atomic
def send_link_again(*, appointment_id, by, at) -> Appointment:
    """Shut every link to the appointment and text a new one. Raises NotLive, NotReachable.

    For a lost text, a link locked after wrong words, or a new number.
    """
    appointment = lock(appointment_id)
    if appointment.status not in Appointment.LIVE:
        raise NotLive
    _reachable(appointment.contact)
    links.revoke_all(about_id=appointment.pk, by=by, at=at, reason="sent again")
    outbox.cancel_unsent(about=appointment, at=at)
    ledger.record("appointment.link_sent_again", by=by, about=appointment, at=at)
    notices.send_link("link_again", appointment, by=by, at=at)
    answered.locked_link(appointment, note="The link was sent again", by=by, at=at)
    appointment_link_sent_again.send(sender=Appointment, appointment=appointment, by=by, at=at)
    return appointment


@transaction.atomic
def give_back(*, appointment_id) -> Appointment:
    """Release a hold that is not wanted; twice does nothing more. Raises NotLive once it is booked.

    Unlike ``cancel`` it never ends what was booked meanwhile.
    """
    appointment = lock(appointment_id)
    if appointment.status not in (Appointment.Status.HELD, Appointment.Status.RELEASED):
        raise NotLive
    _release(Q(pk=appointment.pk, status=Appointment.Status.HELD))
    appointment.refresh_from_db()
    return appointment


@transaction.atomic
def release_lapsed(*, at) -> int:
    """Release every hold that ran out by the database's clock. Returns how many."""
    return _release(Q(status=Appointment.Status.HELD, held_until__lte=Now()))


def _free_now(desk, during, at, asked):
    """Officers at the desk with the skills ``asked`` who could take a call now, each locked.

    One whom somebody else is just booking is passed over, not waited for: the caller is on the
    line.
    """
    since, until = local_time.day_bounds(local_time.local(at).date())
    today = Q(
        appointments__during__overlap=(since, until),
        appointments__status__in=(*Appointment.LIVE, Appointment.Status.ENDED),
    )
    candidates = (
        User.objects.filter(shifts__desk=desk, shifts__during__contains=at, is_active=True)
        .annotate(load=Count("appointments", filter=today, distinct=True))
        .order_by("load", "pk")
    )
    for candidate in candidates:
        officer = _lock_officer(candidate.pk, skip_locked=True)
        if officer is None or duty.says_busy(officer, at) or not skills.has(officer, asked):
            continue
        _release(Q(officer=officer, status=Appointment.Status.HELD, held_until__lte=Now()))
        talking = Appointment.objects.filter(officer=officer, status=Appointment.Status.IN_CALL)
        if not talking.exists() and _is_free(officer, desk, during):
            yield officer


def _lock_incident(incident_id):
    incident = _one(_incident(incident=incident_id), Incident)
    incident.stand_still()
    return incident


def lock(appointment_id) -> Appointment:
    """The appointment; its incident and its row are locked until the transaction ends.

    ``asked`` on it is the moment by the database's clock.
    """
    # It never goes over to another incident, so whose it is can be asked in the locking statement.
    incident = _one(_incident_of(appointment=appointment_id), Incident)
    incident.stand_still()
    appointment = _one(_to_lock(appointment=appointment_id), Appointment)
    appointment.incident = incident
    return appointment


def _one(found, model):
    if not found:
        raise model.DoesNotExist
    return found[0]


# Kept, as every booking asks for them: to put such a statement together takes longer than it runs.


@Prepared
def _incident(incident):
    found = Incident.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("force").filter(pk=incident)


@Prepared
def _incident_of(appointment):
    found = Incident.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("force").filter(appointments=appointment)


@Prepared
def _to_lock(appointment):
    found = Appointment.objects.select_for_update(of=("self",)).annotate(asked=Now())
    return found.select_related("contact").filter(pk=appointment)


@Prepared
def _standing(incident):
    return Appointment.objects.filter(incident=incident, status__in=Appointment.LIVE)


@Prepared
def _made_by(key):
    return Appointment.objects.filter(idempotency_key=key)


@Prepared
def _officer(officer):
    return User.objects.select_for_update(no_key=True).filter(pk=officer)


@Prepared
def _officer_whom_nobody_books(officer):
    return User.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=officer)


def _again(idempotency_key, incident):
    """What this key made before, or None. Raises KeyUsed where that was for another report."""
    again = next(iter(_made_by(key=idempotency_key)), None)
    if again is not None and again.incident_id != incident.pk:
        raise KeyUsed
    return again


def _to_hold(incident, witness, kind, idempotency_key, *, by, at):
    """(the Appointment to be held, without a time yet; a Q of the holds that it replaces)."""
    whose = _whose(witness)
    check_not_booked(incident, witness)
    offer = _chosen(incident, witness, kind)
    desk = desk_for(incident, kind=offer.chosen)
    if desk is None:
        raise SlotTaken
    appointment = Appointment(
        incident=incident,
        offer=offer,
        kind=offer.chosen,
        **whose,
        desk=desk,
        status=Appointment.Status.HELD,
        held_by=by,
        idempotency_key=idempotency_key,
        created_at=at,
    )
    return appointment, Q(incident=incident, status=Appointment.Status.HELD, **whose)


def _held(appointment, *, by, at):
    incident = str(appointment.incident_id)
    ledger.record("appointment.held", by=by, about=appointment, at=at, incident=incident)
    return appointment


def _whose(witness):
    """By which fields the appointments of a victim, or of this witness, are known."""
    if witness is None:
        return {"role": Appointment.Role.VICTIM}
    return {"role": Appointment.Role.WITNESS, "contact": witness}


def check_not_booked(incident, witness):
    """Raise AlreadyBooked where the victim, or this witness, has an appointment that stands."""
    whose = _whose(witness).items()
    for one in _standing(incident=incident.pk):
        if all(getattr(one, name) == value for name, value in whose):
            raise AlreadyBooked


def _chosen(incident, witness=None, kind=""):
    """Their latest Offer, if what was chosen takes an officer's time and may still be offered.

    None of a closed incident, and none of another than ``kind`` where that is said.
    """
    assessment = incident.current_assessment
    offer = offers.latest(incident, witness)
    if (
        offer is None
        or offer.chosen not in Appointment.Kind.values
        or (kind and offer.chosen != kind)
        or incident.status != Incident.Status.OPEN
        or assessment is None
        or offer.chosen not in offers.options(assessment)
    ):
        raise NotChosen
    return offer


def _reachable(contact):
    plan = contact.plan if contact else None
    if contact is None or not contact.phone or plan is None or not plan.opening_word_hash:
        raise NotReachable
    return contact


def _occupy(appointment, *, starts_at, at, instead_of=None):
    """Save ``appointment`` at ``starts_at`` in its officer's diary. Raises SlotTaken.

    ``instead_of`` is a Q of holds to give back with it.
    """
    # One at a time for each officer: the constraint would let one through and deadlock others.
    officer = _lock_officer(appointment.officer_id)
    if officer is None:  # a form that somebody wrote themselves
        raise SlotTaken
    _check_learnt(officer, appointment, starts_at=starts_at, at=at)
    if not _place(appointment, officer, starts_at=starts_at, at=at, instead_of=instead_of):
        raise SlotTaken(_nearest(appointment, starts_at, at))
    return appointment


def _check_learnt(officer, appointment, *, starts_at, at):
    # The list of times names no officer who lacks a skill; a form may.
    if not skills.has(officer, skills.required_of(appointment, at=at)):
        raise NotLearnt(_nearest(appointment, starts_at, at))


def _nearest(appointment, starts_at, at):
    incident, kind, contact = appointment.incident, appointment.kind, appointment.witness
    return around(incident, starts_at, kind=kind, at=at, contact=contact)


def _lock_officer(pk, *, skip_locked=False):
    ask = _officer_whom_nobody_books if skip_locked else _officer
    return next(iter(ask(officer=pk)), None)


def _place(appointment, officer, *, starts_at, at, instead_of=None):
    """Save it in the diary of a locked officer, if the time is free. Whether it was."""
    desk = appointment.desk
    lapsed = Q(officer=officer, status=Appointment.Status.HELD, held_until__lte=Now())
    _release(lapsed if instead_of is None else lapsed | instead_of)
    ends_at = starts_at + timedelta(minutes=desk.slot_minutes)
    occupies = DateTimeTZRange(starts_at, ends_at + timedelta(minutes=desk.buffer_minutes))
    if starts_at <= at or not _is_free(officer, desk, occupies):
        return False
    appointment.officer = officer
    appointment.during = DateTimeTZRange(starts_at, ends_at)
    appointment.occupies = occupies
    if appointment.status == Appointment.Status.HELD:
        hold_minutes = appointment.incident.force.hold_minutes
        appointment.held_until = Now() + timedelta(minutes=hold_minutes)
    appointment.save(force_insert=True)
    del appointment.held_until  # the database's own moment, read when somebody asks for it
    return True


def _is_free(officer, desk, occupies):
    """Whether a locked officer sits at the desk all that time and nothing else is in it."""
    taken = Appointment.objects.filter(
        officer=officer, occupies__overlap=occupies, status__in=Appointment.OCCUPYING
    )
    return officer.is_active and is_rostered(desk, officer, occupies) and not taken.exists()


def _release(which):
    # What another locks, that one gives back or is just too late to book. Nobody waits for it: two
    # callers may each want what the other's officer lets lapse.
    found = Appointment.objects.filter(which).order_by("pk")
    found = found.select_for_update(no_key=True, skip_locked=True)
    return Appointment.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(
        status=Appointment.Status.RELEASED, held_until=None
    )


def _end(appointment, reason, *, by, at):
    appointment.status = Appointment.Status.CANCELLED
    appointment.cancelled_at, appointment.cancelled_reason = at, reason
    appointment.save(update_fields=["status", "cancelled_at", "cancelled_reason"])
    links.revoke_all(about_id=appointment.pk, by=by, at=at, reason=f"appointment {reason}"[:40])
    # A text that still waits for a safe hour names a time that is no longer so, by a dead link.
    outbox.cancel_unsent(about=appointment, at=at)
