"""The victim's appointment: one address, and what its page asks for behind it."""

from django.urls import path

from appointments import urls_statement, views_beside, views_change, views_visit

app_name = "appointments"
urlpatterns = [
    path("a/", views_visit.visit, name="visit"),
    path("a/state/", views_visit.visit_state, name="visit_state"),
    path("a/change/", views_change.change, name="change"),
    path("a/change/to/", views_change.change_to, name="change_to"),
    path("a/change/person/", views_change.ask_person, name="ask_person"),
    path("c/", views_beside.beside, name="beside"),
    path("c/state/", views_beside.beside_state, name="beside_state"),
    path("a/cancel/", views_change.cancel, name="cancel_mine"),
    path("a/calendar/", views_change.to_calendar, name="to_calendar"),
    path("a/calendar/email/", views_change.email_calendar, name="email_calendar"),
    *urls_statement.public_urlpatterns,
]
