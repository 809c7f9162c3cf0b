"""`gateway settings`: every setting, what it is, and where its value comes from."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click

from gateway.settings import PREFIX, SECRETS, Settings, read_settings


@click.command()
def settings() -> None:
    """List the settings: name, value, where it was set, meaning. Passwords are not shown."""
    found = read_settings()
    sources = _sources(os.environ)
    for name, field in Settings.model_fields.items():
        value = getattr(found, name)
        shown = _masked(str(value)) if name in SECRETS else str(value)
        click.echo(f"{PREFIX}{name.upper()} = {shown if value not in (None, '') else '(empty)'}")
        click.echo(f"    {field.description} Set by: {sources.get(name, 'nobody; this is the default')}.")


def _sources(environment: Mapping[str, str]) -> dict[str, str]:
    sources: dict[str, str] = {}
    if named := environment.get(f"{PREFIX}SETTINGS"):
        sources |= dict.fromkeys(tomllib.loads(Path(named).read_text("utf-8")), f"the file {named}")
    for name in Settings.model_fields:
        variable = f"{PREFIX}{name.upper()}"
        if name in SECRETS and (file := environment.get(f"{variable}_FILE")):
            sources[name] = f"the file {file} ({variable}_FILE)"
        if environment.get(variable):
            sources[name] = "the environment"
    return sources


def _masked(address: str) -> str:
    """Show of an address which kind of server where, and nothing that opens it."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(no address that can be read)"
    if parts.scheme == "sqlite":
        return address
    user = "…@" if parts.username or parts.password else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}{'?…' if parts.query else ''}"
