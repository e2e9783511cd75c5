"""Limen over HTTP: `create_app` is the whole server, `api.routes` what an application embeds."""

from limen.server.app import Server, create_app

__all__ = ["Server", "create_app"]
