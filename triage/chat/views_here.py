"""Somebody is at the desk, and their page has no socket to say so."""

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from triage.chat import chats
from victimcontact.accounts.permissions import require


@require_POST
@require("desk.work")
def here(request):
    chats.here(request.user, now())
    return HttpResponse(status=204)
