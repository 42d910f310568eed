"""Sockets only (/ws/): served by one ASGI process of their own."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "victimcontact.settings")
get_asgi_application()  # sets Django up before anything below imports a model

from channels.auth import AuthMiddlewareStack  # noqa: E402  after set-up
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  after set-up
from channels.security.websocket import OriginValidator  # noqa: E402  after set-up
from django.conf import settings  # noqa: E402  after set-up

from appointments import routing as room  # noqa: E402  after set-up
from appointments.standby import routing as standby  # noqa: E402  after set-up
from triage.chat import routing as chat  # noqa: E402  after set-up
from triage.shifts import routing as board  # noqa: E402  after set-up

application = ProtocolTypeRouter(
    {
        "websocket": OriginValidator(
            AuthMiddlewareStack(
                URLRouter(
                    [
                        *room.websocket_urlpatterns,
                        *standby.websocket_urlpatterns,
                        *board.websocket_urlpatterns,
                        *chat.websocket_urlpatterns,
                    ]
                )
            ),
            sorted({settings.STAFF_URL, settings.PUBLIC_URL}),
        )
    }
)
