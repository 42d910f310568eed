"""What comes in by WhatsApp and Messenger, as the webhook hands it on."""

from itertools import count

from django.utils.timezone import now

from messaging import inbox
from messaging.models import Account

OURS = "whatsapp:+447700900999"
_numbers = count(1)


def write(body="Somebody keeps following me", *, sender="whatsapp:+447700900123", **more):
    """One message of ``sender``, heard; the InboundText."""
    values = {
        "provider_id": f"SM-social-{next(_numbers)}",
        "sent_from": sender,
        "written_to": OURS,
        "body": body,
        "at": now(),
    }
    return inbox.receive(**(values | more))


def talk(body="Somebody keeps following me", **more):
    """The talk of a message that was heard."""
    text = write(body, **more)
    return Account.objects.get(pk=text.account_id).talk
