"""Every address of the house. FACE chooses which site this process serves: staff, public or all.

An app's own addresses stand in its ``urls_staff`` and ``urls_public``; both share one namespace.
"""

from importlib import import_module

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from victimcontact import health

APPS = {
    "accounts": "victimcontact.accounts",
    "people": "victimcontact.people",
    "messaging": "messaging",
    "triage": "triage",
    "control": "triage.control",
    "shifts": "triage.shifts",
    "partners": "triage.partners",
    "quality": "triage.quality",
    "desk": "triage.desk",
    "chat": "triage.chat",
    "social": "triage.social",
    "api": "triage.api",
    "appointments": "appointments",
    "rosters": "appointments.rosters",
    "standby": "appointments.standby",
    "attempts": "appointments.attempts",
    "portal": "portal",
}
FACES = ("staff", "public") if settings.FACE == "all" else (settings.FACE,)


def _addresses(package):
    for face in FACES:
        try:
            yield from import_module(f"{package}.urls_{face}").urlpatterns
        except ModuleNotFoundError as error:
            if error.name != f"{package}.urls_{face}":
                raise


urlpatterns = [
    path("health/", health.health, name="health"),
    *[path("", include((list(_addresses(package)), name))) for name, package in APPS.items()],
]
if "staff" in FACES:
    urlpatterns.append(path("admin/", admin.site.urls))

handler400 = "victimcontact.errors.bad_request"
handler403 = "victimcontact.errors.forbidden"
handler404 = "victimcontact.errors.not_found"
handler500 = "victimcontact.errors.server_error"
