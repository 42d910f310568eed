"""What an incident's page shows of WhatsApp and Messenger: every line, by whom and when."""

from triage.social.models import TalkLine
from victimcontact.lib.prepared import Prepared


def incident_context(incident, user, at):
    """``talk`` and its ``lines`` about this incident; None where nothing came that way."""
    lines = _lines(incident=incident.pk) if incident.may_have(TalkLine) else ()
    return {"talk": lines[-1].talk, "lines": lines} if lines else None


@Prepared
def _lines(incident):
    found = TalkLine.objects.filter(incident=incident)
    return found.select_related("talk__account", "by", "notification").order_by("talk", "number")
