"""What an incident's page shows of a chat: every line, by whom and when."""

from triage.chat.models import Chat
from victimcontact.lib.prepared import Prepared


def incident_context(incident, user, at):
    """``chat`` and its ``lines``; None where the incident came in otherwise."""
    if not incident.may_have(Chat):
        return None
    chat = next(iter(_chat(incident=incident.pk)), None)
    if chat is None:
        return None
    return {"chat": chat, "lines": chat.lines.select_related("by").order_by("number")}


@Prepared
def _chat(incident):
    return Chat.objects.select_related("taken_by").filter(incident=incident).order_by("pk")
