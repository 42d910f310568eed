"""Addresses for other systems, on the staff site: it is the one inside the force's own network."""

from django.urls import path

from triage.api import documents, views
from victimcontact.accounts.middleware import open_to_all


def _by_token(view):
    # No staff sign-in is asked for here: the view asks for a token of its own.
    return open_to_all(view.as_view())


urlpatterns = [
    path("api/v1/schema/", open_to_all(documents.Schema.as_view()), name="schema"),
    path("api/v1/guide/", documents.guide, name="guide"),
    path("api/v1/incidents/", _by_token(views.Incidents), name="incidents"),
    path("api/v1/incidents/<str:reference>/", _by_token(views.OneIncident), name="incident"),
    path("api/v1/incidents/<str:reference>/updates/", _by_token(views.Updates), name="updates"),
    path(
        "api/v1/incidents/<str:reference>/dispatch-states/",
        _by_token(views.DispatchStates),
        name="dispatch_states",
    ),
    path("api/v1/dispatches/", _by_token(views.Dispatches), name="dispatches"),
    path("api/<path:rest>", _by_token(views.Nothing), name="nothing"),
]
