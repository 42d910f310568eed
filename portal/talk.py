"""What the victim and the officer in charge write to each other about a case."""

from uuid import UUID, uuid5

from django.db import transaction

from messaging import conversations, staff_tasks
from messaging.models import Message, StaffTask
from portal import invitations
from triage import assessing, policies
from triage.models import Grade
from victimcontact.audit import ledger


@transaction.atomic
def write(case, *, author, body: str, key: UUID, at) -> Message:
    """Say ``body`` about the case. ``author``: the member of staff, or conversations.VICTIM.

    ``key`` comes from the form. The same words sent again with it are said once; other words sent
    with it (a form changed after going back) are said too: nothing is lost. What staff write, the
    victim is told of, without a word of it. Raises conversations.Unsayable.
    """
    body = conversations.clean(body)
    conversation = conversations.open_for(contact=case.contact, about=case, at=at)
    said_before = conversation.messages.count()
    message = conversations.post(
        conversation, author=author, body=body, idempotency_key=uuid5(key, body), at=at
    )
    if author != conversations.VICTIM and conversation.messages.count() > said_before:
        mark_answered(case, conversation, by=author, at=at, up_to=message.sent_at)
        invitations.tell(case, by=author, at=at)
    return message


@transaction.atomic
def mark_answered(case, conversation, *, by, at, up_to) -> None:
    """Take a conversation out of the inbox: answered, or nothing to answer.

    ``up_to`` is the time of the last message that was on the screen.
    """
    conversations.mark_read(conversation, side=conversations.STAFF, up_to=up_to)
    ledger.record("conversation.seen", by=by, about=case, at=at)


def look_for_danger(case, message, *, at) -> bool:
    """Whether a victim's message sounds as if somebody must act today; if so, ask for it.

    The THRIVE engine reads it as it would a report. A grade of 1 or 2 raises a task for the whole
    force: the officer in charge may be off duty. A message never changes a grade by itself.
    """
    known = assessing.Known(channel="online", narrative=message.body, answers={})
    result = assessing.score(known, policy=policies.published(at=at))
    if result.grade > Grade.PRIORITY:
        return False
    staff_tasks.raise_task(
        StaffTask.Kind.CALL_BACK,
        force=case.force,
        about=case,
        reason="A message in the portal may need somebody now. Read it and ring.",
        at=at,
    )
    return True
