"""The roof of the house: settings, addresses, and the floors that every app stands on."""

from victimcontact.celery import app as celery_app

__all__ = ["celery_app"]
