"""The victim's appointment: one address, and what its page asks for behind it."""

from django.urls import path

from appointments import urls_statement, views_visit

app_name = "appointments"
urlpatterns = [
    path("a/", views_visit.visit, name="visit"),
    path("a/state/", views_visit.visit_state, name="visit_state"),
    *urls_statement.public_urlpatterns,
]
