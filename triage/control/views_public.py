"""What the victim reads behind the link of a text: the advice that was sent to them."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from triage.control import advice
from triage.models import Incident
from victimcontact.people.models import Link
from victimcontact.people.visits import require_visit


@require_GET
@require_visit(Link.Purpose.ADVICE)
def notes(request):
    """All advice that was sent about the incident of this link."""
    contact = request.visit.link.contact
    incident = get_object_or_404(
        Incident.objects.filter(participants__contact=contact).distinct(),
        pk=request.visit.link.about_id,
    )
    return render(request, "triage/control/notes.html", {"notes": advice.sent_to(incident)})
