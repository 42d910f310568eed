"""What an incident's page shows of an online report: each question and answer, as it was sent."""

from triage.desk.models import SentReport
from victimcontact.lib.prepared import Prepared


def incident_context(incident, user, at):
    """``sent``, the SentReport of ``incident``; None where it did not come in online."""
    if not incident.may_have(SentReport):
        return None
    sent = next(iter(_sent(incident=incident.pk)), None)
    return None if sent is None else {"sent": sent}


@Prepared
def _sent(incident):
    return SentReport.objects.select_related("after").filter(incident=incident)
