"""A place for what comes."""

from flask import Blueprint, Flask

bp = Blueprint("admin", __name__)


@bp.get("/admin/log")
def log() -> str:
    """Nothing yet."""
    return ""


def install(app: Flask) -> None:
    """Nothing yet."""
