"""Sockets: a visitor's by the cookie of their chat, an operator's by their sign-in."""

from django.urls import path

from triage.chat.consumers import DeskConsumer, VisitorConsumer

websocket_urlpatterns = [
    path("ws/chat/", VisitorConsumer.as_asgi()),
    path("ws/desk/", DeskConsumer.as_asgi()),
]
