"""Where the folders are that a publisher may edit: inside the installed package, or beside it in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


class ResourceMissingError(RuntimeError):
    """A folder that the gateway cannot work without is in neither of its places."""


def folder(name: str, *, package: Path = PACKAGE) -> Path:
    """Find the folder `name` ("policies", "templates") in the package, else beside it in a checkout.

    Beside the package counts only where pyproject.toml stands too: next to an installed package lies the whole
    of site-packages, and a folder of that name there belongs to somebody else. Raises ResourceMissingError.
    """
    inside = package / name
    if inside.is_dir():
        return inside
    beside = package.parent / name
    if beside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return beside
    raise ResourceMissingError(
        f"the folder {name!r} is missing: looked in {inside} and, for a checkout with its pyproject.toml, in {beside}; "
        "install the gateway again, or start it from a whole checkout"
    )
