"""Sockets: an officer's by the appointment, a victim's by the visit that the cookie opens."""

from django.urls import path

from appointments.consumers import OfficerConsumer, VictimConsumer

websocket_urlpatterns = [
    path("ws/room/<uuid:appointment_id>/", OfficerConsumer.as_asgi()),
    path("ws/visit/", VictimConsumer.as_asgi()),
]
