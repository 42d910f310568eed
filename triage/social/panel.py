"""What an incident's page shows of WhatsApp and Messenger: every line, by whom and when."""

from triage.social.models import TalkLine


def incident_context(incident, user, at):
    """``talk`` and its ``lines`` about this incident; None where nothing came that way."""
    lines = list(
        TalkLine.objects.filter(incident=incident)
        .select_related("talk__account", "by", "notification")
        .order_by("talk", "number")
    )
    return {"talk": lines[-1].talk, "lines": lines} if lines else None
