"""Request limits."""

from collections.abc import Callable
from typing import Any


def sign_in_limit(view: Callable[..., Any]) -> Callable[..., Any]:
    """Limit a view."""
    return view


def install(app: Any, settings: Any, runtime: Any) -> None:
    """Nothing yet."""
