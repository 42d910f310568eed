"""The socket by which the house asks itself whether calls can be had."""

from django.urls import path

from appointments.standby.consumers import StandbyConsumer

websocket_urlpatterns = [path("ws/standby/", StandbyConsumer.as_asgi())]
