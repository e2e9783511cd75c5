"""For uvicorn, with a WebSocket by Channels: `uvicorn examples.django_app.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_app.settings")
django = get_asgi_application()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - Django must be set up before
from channels.routing import URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from limen.django.asgi import with_websockets  # noqa: E402


class Echo(AsyncWebsocketConsumer):
    """Says each text again, to whoever is signed in."""

    async def receive(self, text_data: str = "", bytes_data: bytes = b"") -> None:
        await self.send(text_data)


application = with_websockets(django, URLRouter([path("echo", Echo.as_asgi())]))
