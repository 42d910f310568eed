"""Sockets: an officer's by the appointment, a victim's by the visit that the cookie opens."""

from django.urls import path

from appointments.consumers import OfficerConsumer, VictimConsumer
from appointments.consumers_beside import GuestBesideConsumer, OfficerBesideConsumer

websocket_urlpatterns = [
    path("ws/room/<uuid:appointment_id>/", OfficerConsumer.as_asgi()),
    path("ws/visit/", VictimConsumer.as_asgi()),
    path("ws/beside/<uuid:appointment_id>/", OfficerBesideConsumer.as_asgi()),
    path("ws/beside/", GuestBesideConsumer.as_asgi()),
]
