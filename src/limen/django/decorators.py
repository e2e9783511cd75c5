"""For views, functions and classes, sync and async: what Django's own decorators cannot ask.

    @scopes_required("notes:read")
    def notes(request): ...

    @fresh_login_required(minutes=5)
    class Transfer(View): ...

What is missing is raised and LimenMiddleware answers it. `login_required` and its kin go on as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction
from django.utils.decorators import method_decorator

from limen.clock import Seconds

View = TypeVar("View", bound=Callable[..., Any])


def scopes_required(*scopes: str) -> Callable[[View], View]:
    """Whoever calls has all these scopes: 401 to a stranger, 403 to whom one is missing."""
    return _guarded(scopes, None)


def fresh_login_required(*scopes: str, minutes: float = 5) -> Callable[[View], View]:
    """Whoever calls has proven who they are at most so long ago (RFC 9470), and has these scopes."""
    return _guarded(scopes, minutes * 60)


def _guarded(scopes: tuple[str, ...], within: Seconds | None) -> Callable[[View], View]:
    def decorate(view: Any) -> Any:
        if isinstance(view, type):
            awaits = getattr(view, "view_is_async", False)  # its `dispatch` is a plain function even then
            return method_decorator(guard_async if awaits else guard, name="dispatch")(view)
        return guard_async(view) if iscoroutinefunction(view) else guard(view)

    def guard_async(view: Any) -> Any:
        @wraps(view)
        async def asked(request: Any, *args: Any, **kwargs: Any) -> Any:
            await request.limen.arequire(*scopes, within=within)
            return await view(request, *args, **kwargs)

        return asked

    def guard(view: Any) -> Any:
        @wraps(view)
        def asked(request: Any, *args: Any, **kwargs: Any) -> Any:
            request.limen.require(*scopes, within=within)
            return view(request, *args, **kwargs)

        return asked

    return decorate
