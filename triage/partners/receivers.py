"""News from triage: every assessed incident may make a repeat of its number, person or place."""

from django.dispatch import receiver

from triage.partners.models import ToCount
from triage.signals import assessed


@receiver(assessed, dispatch_uid="partners.assessed")
def note_to_count(sender, incident, **_):
    """One row, in the same transaction. The counting itself takes no time from the caller's."""
    ToCount.objects.create(incident=incident)
