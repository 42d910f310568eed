"""Whoever leaves a page takes their online report out of the browser, and off the server.

What speaks of danger stays for a person to look at: each page of it says so beforehand.
"""

from django.db import transaction
from django.dispatch import receiver

from triage.desk import reports, tasks
from victimcontact.lib import cookies
from victimcontact.people import signals


@receiver(signals.left, dispatch_uid="desk.left")
def forget(request, response, at, **_):
    key = request.COOKIES.get(cookies.name(reports.COOKIE), "")
    cookies.take_back(response, reports.COOKIE)
    if reports.leave(key, at):
        # Only a nudge: a lost broker costs a minute, until the clock looks by itself.
        transaction.on_commit(tasks.forget_idle.delay, robust=True)
