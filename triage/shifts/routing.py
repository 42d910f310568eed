"""Sockets of the board."""

from django.urls import path

from triage.shifts.consumers import BoardConsumer

websocket_urlpatterns = [path("ws/board/", BoardConsumer.as_asgi())]
