"""Addresses of rosters: staff only."""

from django.urls import path

from appointments.rosters import views, views_change

urlpatterns = [
    path("diary/rosters/", views.rosters, name="rosters"),
    path("diary/rosters/officers/", views.officers, name="officers"),
    path("diary/rosters/officers/<uuid:pk>/", views.profile, name="profile"),
    path("diary/rosters/desks/new/", views.desk_new, name="desk_new"),
    path("diary/rosters/desks/<uuid:pk>/", views.desk, name="desk"),
    path("diary/rosters/desks/<uuid:pk>/settings/", views.desk_change, name="desk_change"),
    path("diary/rosters/desks/<uuid:pk>/days/", views.desk_day, name="desk_day"),
    path(
        "diary/rosters/desks/<uuid:pk>/days/<uuid:day>/remove/",
        views.desk_day_remove,
        name="desk_day_remove",
    ),
    path("diary/rosters/desks/<uuid:pk>/patterns/", views.patterns, name="patterns"),
    path("diary/rosters/patterns/<uuid:pk>/join/", views.join, name="join"),
    path("diary/rosters/members/<uuid:pk>/leave/", views_change.leave, name="leave"),
    path("diary/rosters/shifts/new/", views_change.shift_new, name="shift_new"),
    path("diary/rosters/shifts/<uuid:pk>/", views_change.shift, name="shift"),
    path("diary/rosters/away/new/", views_change.absence_new, name="absence_new"),
    path("diary/rosters/away/<uuid:pk>/", views_change.absence, name="absence"),
    path(
        "diary/rosters/away/<uuid:pk>/back/",
        views_change.absence_take_back,
        name="absence_take_back",
    ),
    path("diary/rosters/imports/new/", views_change.import_new, name="import_new"),
    path("diary/rosters/imports/<uuid:pk>/", views_change.import_one, name="import"),
]
