"""Addresses of static files that change with their content, so that browsers may keep them for good."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, request


def install(app: Flask) -> None:
    """Give the templates of `app` the function `asset(name)`; it raises FileNotFoundError for a missing file."""
    folder = Path(app.static_folder or "")

    @lru_cache(maxsize=128)
    def fingerprint(name: str) -> str:
        return sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        return f"{request.script_root}{app.static_url_path}/{name}?v={fingerprint(name)}"

    app.jinja_env.globals["asset"] = asset
