"""Addresses of booking: staff only."""

from django.urls import path

from appointments import views_booking as views
from appointments import views_people

staff_urlpatterns = [
    path("diary/book/<uuid:pk>/", views.booking, name="booking"),
    path("diary/<uuid:pk>/confirm/", views.confirm, name="confirm"),
    path("diary/<uuid:pk>/release/", views.release, name="release"),
    path("diary/<uuid:pk>/link/", views.send_link_again, name="send_link_again"),
    path("diary/<uuid:pk>/move/", views.move, name="move"),
    path("diary/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("diary/<uuid:pk>/reassign/", views.reassign, name="reassign"),
    path("diary/<uuid:pk>/follow-up/", views.follow_up, name="follow_up"),
    path("diary/<uuid:pk>/outcome/", views.outcome, name="outcome"),
    path("diary/<uuid:pk>/along/", views_people.along, name="along"),
    path("diary/<uuid:pk>/children/", views_people.children, name="children"),
    path("diary/<uuid:pk>/room/people/", views_people.room_people, name="room_people"),
    path("diary/along/<uuid:pk>/", views_people.companion, name="companion"),
    path("diary/along/<uuid:pk>/admit/", views_people.admit, name="admit_companion"),
    path("diary/along/<uuid:pk>/out/", views_people.let_out, name="let_out"),
    path("diary/book/<uuid:pk>/now/", views.straight, name="straight"),
    path("diary/book/<uuid:pk>/needs/", views_people.person_needs, name="needs"),
    path("diary/book/<uuid:pk>/witnesses/", views_people.witnesses, name="witnesses"),
    path("diary/witness/<uuid:pk>/", views_people.witness, name="witness"),
]
