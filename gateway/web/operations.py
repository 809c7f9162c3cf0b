"""A place for what comes."""

from flask import Blueprint, Flask

bp = Blueprint("operations", __name__)


def install(app: Flask) -> None:
    """Nothing yet."""
