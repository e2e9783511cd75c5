"""Limen over HTTP: `create_app` is the whole server, `api.routes` what an application embeds."""

try:
    from limen.server.app import Server, create_app
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] == "limen":
        raise
    raise ModuleNotFoundError(
        f"Limen's routes need {missing.name}: pip install 'limen[server]', or the extra of your framework",
        name=missing.name,
    ) from missing

__all__ = ["Server", "create_app"]
