"""The playground: sessions, JWT and the hybrid side by side, used for real, on a server in development."""

from limen.server.playground.ground import LANES, Playground
from limen.server.playground.pages import endpoints

__all__ = ["LANES", "Playground", "endpoints"]
