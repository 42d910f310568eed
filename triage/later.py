"""What was said after a report was taken: heard together with it, by whatever door it came.

Texts, portal messages, chat lines, other systems' updates and notes of uploads: each app tells its
own by the signal ``said_later``, so that the words of one door never wait for those of another.
"""

from dataclasses import dataclass

from django.db import transaction

from messaging.models import InboundText, Message
from triage import assessing, policies, reviews, signals
from triage.models import Channel, Grade, Incident, Participant
from victimcontact.audit import ledger

LONGEST = 20_000  # characters: as many as the engine reads
MOST = 20  # open incidents of one person in which words are heard; of the others a look is asked
MOST_TEXTS = 200  # of one person
# Flags that answer a question by themselves, whatever was so before.
SAYS_SO = {"offender_present": "offender_present", "weapon_involved": "weapon"}


@dataclass(frozen=True)
class Later:
    """Something that was said: ``at`` is aware."""

    at: object
    words: str


def said(incident) -> list[Later]:
    """All that was said about ``incident`` since it was reported, oldest first."""
    told = signals.said_later.send(sender=Incident, incident=incident)
    found = [one for _, answer in told for one in answer or () if one.words.strip()]
    return sorted(found, key=lambda one: one.at)


def of_people(incident) -> list[Later]:
    """What those who are in ``incident`` have texted, or written in the portal, since."""
    since = min(incident.reported_at, incident.created_at)
    theirs = list(incident.participants.exclude(contact=None).values_list("contact", flat=True))
    texts = InboundText.objects.filter(contact__in=theirs, received_at__gte=since)
    written = Message.objects.filter(
        conversation__contact__in=theirs, author=Message.Author.VICTIM, sent_at__gte=since
    )
    return [
        *(Later(one.received_at, one.body) for one in texts.order_by("-received_at")[:MOST_TEXTS]),
        *(Later(one.sent_at, one.body) for one in written.order_by("-sent_at")[:MOST_TEXTS]),
    ]


@transaction.atomic
def hear(incident_id, words: str, *, because: str, at, raises: bool = False) -> int | None:
    """Hear new ``words`` about an incident with all that was said before, and ask for a look now.

    Returns the grade that they ask for where it is worse than what stands, else None. It is worse
    where they ask for officers by themselves, or where all together asks for more than what whoever
    decided last had before them. Whoever looks is told by the reason of the review. Where the words
    are sure to be about this incident (``raises``) the worse grade stands at once, as an assessment
    by nobody; the engine alone never lowers one. ``because`` is a word or two without personal data
    ("text received"). A closed incident is left alone.
    """
    # Not FOR UPDATE: what came in has often written a row already that refers to the incident.
    incident = (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("force")
        .get(pk=incident_id)
    )
    if incident.status != Incident.Status.OPEN:
        return None
    grade, known = _asks_for(incident, words, at)
    is_worse = incident.grade is None or grade < incident.grade
    if is_worse and raises:
        decision = assessing.Decision(grade, reason=f"Heard since: {because}")
        assessing.assess(incident, known=known, decision=decision, by=None, at=at)
    review = assessing.review_now(incident.pk, because=because, at=at)
    if is_worse and not raises and review is not None:
        review.because = f"{because}: sounds like grade {grade}"[:40]
        review.save(update_fields=["because"])
        ledger.record("incident.sounds_worse", about=incident, at=at, grade=grade, because=because)
    return grade if is_worse else None


@transaction.atomic
def hear_from(contact, words: str, *, because: str, at) -> None:
    """``hear`` for each open incident that ``contact`` is in: nobody has looked whose words it is.

    It changes no grade, but asks for a look at once and says where it sounds worse.
    """
    theirs = Participant.objects.filter(contact=contact, incident__status=Incident.Status.OPEN)
    # In one order, so that two who ask for the same ones wait for each other and no more.
    keys = sorted(set(theirs.values_list("incident", flat=True)))
    reviews.ask(keys[:-MOST], because=because, at=at)
    for key in keys[-MOST:]:
        hear(key, words, because=because, at=at)


def _asks_for(incident, words, at):
    """(the grade that ``words`` ask for in ``incident``, what is known with them)."""
    policy = policies.published(at=at)

    def graded(known, dismissed=()):
        return assessing.score(known, policy=policy, dismissed=dismissed, questions=False)

    # By themselves, too: that somebody "ran off yesterday" must not speak for what is so now. By
    # which door the report came says nothing of these words.
    alone = graded(assessing.Known(Channel.ONLINE.value, words, {}))
    current = incident.current_assessment
    answers = dict(current.answers) if current else {}
    history = answers.pop("history", None)
    narrative = current.narrative if current else incident.narrative
    everything = said(incident)
    decided_at = current.decided_at if current else incident.reported_at
    before = _below(narrative, [one.words for one in everything if one.at <= decided_at])
    whole = _below(narrative, [*(one.words for one in everything), words])
    so = {flag.name for flag in alone.flags}
    more = {answer: True for flag, answer in SAYS_SO.items() if flag in so}
    known = assessing.Known(incident.channel, whole, answers | more, history)
    if current is None:
        return graded(known).grade, known
    # What a person dismissed stays out of the comparison: only what is new may raise the grade.
    out = set(current.dismissed) - so
    then = graded(assessing.Known(incident.channel, before, answers, history), out).grade
    together = graded(known, out).grade
    wanted = [together] if together < min(then, current.recommended_grade) else []
    wanted += [alone.grade] if alone.grade <= Grade.PRIORITY else []
    return min(wanted, default=Grade.WITHOUT_DEPLOYMENT), known


def _below(narrative, later):
    """The words of a report and below them what was said later, each once; the latest kept."""
    whole = narrative
    for words in later:
        if words.strip() and words.strip() not in whole:
            whole = f"{whole}\n\n{words.strip()}"
    if len(whole) <= LONGEST:
        return whole
    # What the report began with, and what was said last: neither is to be left unread.
    return f"{whole[: LONGEST // 2]}\n\n{whole[-(LONGEST // 2 - 2) :]}"
