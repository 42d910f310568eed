"""Reads for the pages of messaging."""

from django.apps import apps

from messaging.models import InboundText, StaffTask
from victimcontact.people.models import Contact


def person_of(task: StaffTask) -> Contact | None:
    """The person a task is about: of its text, or whom the row that it names has as contact."""
    if task.notification is not None:
        return task.notification.contact
    if task.about_type == "people.contact":
        return Contact.objects.filter(pk=task.about_id).first()
    about = apps.get_model(task.about_type) if task.about_type else None
    if about is None or not any(field.name == "contact" for field in about._meta.fields):
        return None
    return Contact.objects.filter(
        pk__in=about._base_manager.filter(pk=task.about_id).values("contact")
    ).first()


def texts_behind(task: StaffTask, person: Contact | None) -> list[InboundText]:
    """The texts from this person's number that the task was raised for."""
    kinds = (
        StaffTask.Kind.TEXT_RECEIVED,
        StaffTask.Kind.TEXT_DANGER,
        StaffTask.Kind.STOP_RECEIVED,
    )
    if person is None or task.kind not in kinds:
        return []
    return list(
        InboundText.objects.filter(contact=person, received_at__gte=task.raised_at).order_by(
            "received_at"
        )[:5]
    )
