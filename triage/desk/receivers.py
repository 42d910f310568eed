"""Whoever leaves a page takes their online report off the server and out of the browser."""

from django.dispatch import receiver

from triage.desk import reports
from victimcontact.lib import cookies
from victimcontact.people import signals


@receiver(signals.left, dispatch_uid="desk.left")
def forget(request, response, **_):
    key = request.COOKIES.get(cookies.name(reports.COOKIE), "")
    cookies.take_back(response, reports.COOKIE)
    reports.leave(key)
