"""The victim's door and the way out."""

from django.urls import path, re_path

from victimcontact.people import views

app_name = "people"
urlpatterns = [
    # Any text without a slash stands for a token: a malformed one looks like any other wrong one.
    # Pages behind the door end in a slash.
    re_path(r"^a/(?P<token>[^/]{1,200})$", views.door, name="door"),
    re_path(r"^p/(?P<token>[^/]{1,200})$", views.door, name="door_portal"),
    re_path(r"^n/(?P<token>[^/]{1,200})$", views.door, name="door_notes"),
    re_path(r"^c/(?P<token>[^/]{1,200})$", views.door, name="door_companion"),
    path("still", views.still, name="still"),
    path("exit", views.exit_page, name="exit"),
]
