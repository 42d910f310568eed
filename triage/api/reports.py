"""What another system sends: a report becomes an incident, new words are looked at at once."""

from django.db import IntegrityError, transaction

from triage import intake, later
from triage.api import news
from triage.api.models import ApiClient, Sent, Update
from triage.control import closing
from triage.models import Incident
from victimcontact.audit import ledger
from victimcontact.people import plans
from victimcontact.people.models import ContactPlan


class AlreadySent(Exception):
    """The system sent another report under this reference of its own: ``incident``."""

    def __init__(self, incident):
        self.incident = incident
        super().__init__("This reference of yours belongs to another report.")


@transaction.atomic
def receive(sent: dict, *, client: ApiClient, at) -> Incident:
    """Make an incident of a clean serializers.Report of ``client``, graded by the engine.

    What the person said about being reached becomes their contact plan. Raises AlreadySent.
    """
    caller, victim = sent.get("caller") or {}, sent.get("victim")
    report = intake.NewReport(
        channel=sent["channel"],
        narrative=sent["words"],
        caller=_person(caller),
        victim=_person(victim) if victim else None,
        location=sent.get("location", ""),
        safety_note=sent.get("safety_note", ""),
        suspect=sent.get("suspect", ""),
        answers={key: value for key, value in sent.get("answers", {}).items() if value is not None},
        reported_at=min(sent.get("reported_at") or at, at),
    )
    incident = intake.receive(report, force=client.force, at=at, came_by=client.system)
    try:
        with transaction.atomic():
            Sent.objects.create(
                incident=incident,
                client=client,
                their_reference=sent["their_reference"],
                sent_at=at,
            )
    except IntegrityError:
        before = Sent.objects.select_related("incident").get(
            client=client, their_reference=sent["their_reference"]
        )
        raise AlreadySent(before.incident) from None
    # When the grade was decided nobody knew yet that it was this system's.
    graded = incident.current_assessment
    news.tell_grade(incident, graded, before=None, by=None, at=at, client=client)
    people = {one.role: one.contact for one in incident.participants.select_related("contact")}
    for role, person in (("victim", victim or caller), ("caller", caller if victim else None)):
        if person and person.get("safe_contact") and people.get(role):
            _agree(people[role], person["safe_contact"], at)
    ledger.record("incident.sent", by=client, about=incident, at=at)
    return incident


@transaction.atomic
def add(words: str, *, incident: Incident, client: ApiClient, at) -> Update:
    """Keep new words about an incident: the engine hears all of it, and a person is to look now.

    Where the whole asks for a more urgent grade, that stands at once; the engine alone never lowers
    one. A closed incident is opened again.
    """
    incident = (
        Incident.objects.select_for_update(of=("self",)).select_related("force").get(pk=incident.pk)
    )
    incident = closing.reopen(incident, because=f"{client.system}: news", by=None, at=at)
    update = Update.objects.create(incident=incident, client=client, words=words, received_at=at)
    ledger.record("incident.news", by=client, about=incident, at=at, update=str(update.pk))
    later.hear(incident.pk, words, because=f"{client.system}: news", at=at, raises=True)
    return update


def updates(incident) -> list[later.Later]:
    """What other systems told of the incident since it was sent."""
    told = Update.objects.filter(incident=incident)
    return [later.Later(one.received_at, one.words) for one in told]


def _person(sent):
    names = ("name", "phone", "email", "address", "language", "date_of_birth")
    return intake.Person(**{name: sent[name] for name in names if sent.get(name)})


def _agree(contact, safe, at):
    """Keep what the person told the other system. Nobody of ours has confirmed it: no words agreed.

    A channel of which nothing was said stays unknown, and unknown is unsafe. So is a phone of which
    nobody said that it is not watched: until a person of ours has asked, nothing is sent to it.
    """
    is_watched = safe.get("phone_watched") is not False
    channels = {name: safe[name] for name in ("sms", "email") if safe.get(name)}
    if is_watched:
        channels = {name: said for name, said in channels.items() if said != "safe"}
    plans.set_plan(
        contact,
        by=None,
        at=at,
        safe=safe["safe"],
        channels=channels,
        wording=ContactPlan.Wording.NEUTRAL,
        phone_watched=is_watched,
        note=safe.get("note", ""),
    )
