"""What Twilio tells us, believed only when it is signed.

The signature covers the public address, which a proxy may hide from the request: it is made of
PUBLIC_URL and the path. Answers are empty: any plain text would be sent on to the victim.
"""

import logging
from functools import partial, wraps

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from twilio.request_validator import RequestValidator

from messaging import inbox, settling
from messaging.models import Notification
from victimcontact.accounts.middleware import open_to_all

logger = logging.getLogger(__name__)
MOST_BYTES = 16 * 1024
MOST_BYTES_OF_WORDS = 256 * 1024  # 20,000 characters of any alphabet, as a form writes them
MOST_MEDIA = 10
EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def signed_by_twilio(view, *, most_bytes=MOST_BYTES):
    """Guard a webhook: POST, small, each key once, signed with our token."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        try:
            size = int(request.headers.get("Content-Length") or 0)
        except ValueError:
            return HttpResponse(status=400)
        if size > most_bytes:
            return HttpResponse(status=413)
        # With an empty token anyone could sign: no token, no webhooks.
        tokens = {settings.TWILIO_AUTH_TOKEN, settings.TWILIO_SECOND_AUTH_TOKEN} - {""}
        if not tokens:
            return HttpResponse(status=403)
        if not any(_is_signed(request, token) for token in tokens):
            logger.warning("A webhook came without a valid signature")
            return HttpResponse(status=403)
        if any(len(values) > 1 for _, values in request.POST.lists()):
            return HttpResponse(status=400)
        return view(request, *args, **kwargs)

    # No cookie proves who calls here, so there is none to protect from forgery: the signature does.
    return csrf_exempt(open_to_all(require_POST(guarded)))


def _is_signed(request, token):
    # The QueryDict itself: the validator reads every value of a repeated key from it.
    return RequestValidator(token).validate(
        settings.PUBLIC_URL + request.get_full_path(),
        request.POST,
        request.headers.get("X-Twilio-Signature", ""),
    )


@signed_by_twilio
def status(request, pk):
    """What became of one text."""
    try:
        settling.receive_receipt(
            pk,
            provider_id=request.POST.get("MessageSid", "")[:64],
            provider_status=request.POST.get("MessageStatus", "")[:20],
            error_code=request.POST.get("ErrorCode", "")[:20],
            at=timezone.now(),
        )
    except Notification.DoesNotExist:
        return HttpResponse(status=404)
    return HttpResponse(status=204)


@partial(signed_by_twilio, most_bytes=MOST_BYTES_OF_WORDS)
def inbound(request):
    """A text to our number, or a message on WhatsApp or Messenger. It is kept before we answer."""
    provider_id = request.POST.get("MessageSid", "")[:64]
    if not provider_id:
        return HttpResponse(status=400)
    inbox.receive(
        provider_id=provider_id,
        sent_from=request.POST.get("From", ""),
        written_to=request.POST.get("To", ""),
        body="\n".join(filter(None, [request.POST.get("Body", ""), _place(request.POST)])),
        media=_media(request.POST),
        at=timezone.now(),
    )
    return HttpResponse(EMPTY_ANSWER, content_type="text/xml")


def _place(said):
    """Where somebody is, where they sent that."""
    if not (said.get("Latitude") and said.get("Longitude")):
        return ""
    found = [said.get("Label", ""), said.get("Address", "")]
    found.append(f"{said['Latitude'][:20]}, {said['Longitude'][:20]}")
    return "Place sent: " + ", ".join(part[:200] for part in found if part)


def _media(said):
    """What came with the words. Only named: nothing that a stranger sent is fetched."""
    number = said.get("NumMedia", "0")
    number = min(int(number), MOST_MEDIA) if number.isdecimal() else 0
    return [
        {
            "type": said.get(f"MediaContentType{each}", "")[:100],
            "at": said.get(f"MediaUrl{each}", "")[:300],
        }
        for each in range(number)
    ]
