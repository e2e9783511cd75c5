"""The workbench: a page of plain modules, served as it is or written into one file that works offline."""

from limen.server.workbench.assets import assets
from limen.server.workbench.pages import endpoints
from limen.server.workbench.single_file import export

__all__ = ["assets", "endpoints", "export"]
