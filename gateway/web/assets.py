"""Addresses that templates write: of static files, changing with their content, and of pages, spelt once."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for


def install(app: Flask) -> None:
    """Give the templates of `app` `asset(name)` for static files, and a `url_for` that remembers plain pages.

    Browsers may keep a static file for good, since its address has its fingerprint. `asset` raises
    FileNotFoundError for a missing file, `url_for` werkzeug's BuildError for an unknown endpoint.
    """
    folder = Path(app.static_folder or "")
    plain: dict[tuple[str, str], str] = {}

    @lru_cache(maxsize=128)
    def fingerprint(name: str) -> str:
        return sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        return f"{request.script_root}{app.static_url_path}/{name}?v={fingerprint(name)}"

    def address(endpoint: str, **values: Any) -> str:
        # Only pages without parts are remembered: they are few, and no gift link's token is among them.
        if values:
            return url_for(endpoint, **values)
        key = (request.script_root, endpoint)
        if key not in plain:
            plain[key] = url_for(endpoint)
        return plain[key]

    app.jinja_env.globals |= {"asset": asset, "url_for": address}
