"""Settings, read once and strictly from the environment, a TOML file and files of secrets."""

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gateway.scanners import parse_networks

PREFIX = "GATEWAY_"
SECRETS = ("database_url", "limits_url", "smtp_url")
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class SettingsError(ValueError):
    """A setting cannot be used; the text has a line for each, with its name, what it got and what it wants."""


class Settings(BaseModel):
    """Everything an operator sets. Each is the environment variable `GATEWAY_` + its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    var: Path = Field(Path("var"), description="Folder for the embedded database and the key file.")
    database_url: str = Field(
        "", description="sqlite:///PATH or postgresql+psycopg://…; empty is gateway.db in VAR."
    )
    keys: Path | None = Field(None, description="The key file; empty is keys.json in VAR.")
    base_url: str = Field(
        "http://127.0.0.1:8000", description="The address people use, without a final slash."
    )
    policy: Path | None = Field(
        None, description="The policy of first start; empty is the ft.toml that comes along."
    )
    limits_url: str = Field(
        "", description="redis:// or valkey:// for request limits; empty keeps them in the database."
    )
    pictures: Path | None = Field(None, description="Folder of pictures at /pictures; empty is the demo's.")
    proxies: int = Field(0, ge=0, le=10, description="How many proxies in front add X-Forwarded-For.")
    threads: int = Field(4, ge=1, le=64, description="Threads of a worker.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least that is logged."
    )
    revocations: Path | None = Field(
        None, description="A file outside the database that keeps every revocation."
    )
    smtp_url: str = Field(
        "",
        description="smtp:// or smtps://USER:PASSWORD@HOST:PORT for mail to the licensing desk; empty sends none.",
    )

    checkpoints: str = Field(
        "",
        description="Folder outside the database, or https:// address, for the log's checkpoints; empty is "
        "checkpoints in VAR.",
    )
    seal_keys: Path | None = Field(
        None, description="The file of the keys that sign checkpoints; empty is seal-keys.json in VAR."
    )
    archive: Path | None = Field(
        None,
        description="Folder outside the database for the log's old months; empty keeps them in the database.",
    )
    single_admin: bool = Field(
        False,
        description="true where there is one admin only: a policy from the desk then applies after 24 hours "
        "instead of another admin's approval.",
    )
    scanners: str = Field(
        "", description="Networks of mail scanners, with commas between; they get the card, never the text."
    )

    @field_validator("base_url")
    @classmethod
    def _plain_http_only_on_loopback(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("want an address such as https://gifts.example.com")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("want https; plain http is for loopback addresses only")
        return value.rstrip("/")

    @field_validator("checkpoints")
    @classmethod
    def _a_folder_or_an_address(cls, value: str) -> str:
        if "://" in value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("want a folder, or an address such as https://evidence.example.com/log")
        return value

    @field_validator("limits_url")
    @classmethod
    def _a_known_store(cls, value: str) -> str:
        wants = "want redis://HOST:PORT/N or valkey://HOST:PORT/N, or nothing"
        try:
            parts = urlsplit(value)
            right = parts.scheme in {"redis", "rediss", "valkey", "valkeys", "unix"} and parts.port != 0
        except ValueError:
            raise ValueError(wants) from None
        if value and not right:
            raise ValueError(wants)
        return value

    @field_validator("scanners")
    @classmethod
    def _networks_only(cls, value: str) -> str:
        parse_networks(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _a_mail_server(cls, value: str) -> str:
        wants = "want smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT, or nothing"
        try:
            parts = urlsplit(value)
            right = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError(wants) from None
        if value and not (right and parts.path in ("", "/") and not parts.query and not parts.fragment):
            raise ValueError(wants)
        return value

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: Any) -> Any:
        return (
            {name: value for name, value in values.items() if value != ""}
            if isinstance(values, dict)
            else values
        )

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.var / 'gateway.db'}"

    @property
    def key_file(self) -> Path:
        """The key file's path."""
        return self.keys or self.var / "keys.json"

    @property
    def seal_key_file(self) -> Path:
        """The path of the file of sealing keys."""
        return self.seal_keys or self.var / "seal-keys.json"

    @property
    def secure(self) -> bool:
        """Whether people come over TLS, which decides the cookies' Secure mark."""
        return self.base_url.startswith("https:")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings: the environment first, or for a secret `NAME_FILE`, then the file GATEWAY_SETTINGS names.

    Raises SettingsError naming every one that is unknown or wrong, with the file where it stands in one.
    """
    env = os.environ if environment is None else environment
    given = {name: value for name, value in env.items() if name.startswith(PREFIX) and value != ""}
    values = _from_file(given.pop(f"{PREFIX}SETTINGS", ""))
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}"
        path = given.pop(f"{variable}_FILE", "")
        if path and variable in given:
            raise SettingsError(f"{variable} and {variable}_FILE are both set; want one of them")
        if path:
            values[name] = _secret(Path(path), f"{variable}_FILE")
    known = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
    problems = [_unknown(name, known) for name in given if name not in known]
    values |= {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
    if problems:
        raise SettingsError("\n".join(problems))
    try:
        return Settings(**values)
    except ValidationError as error:
        raise _wrong(error, lambda name: f"{PREFIX}{name.upper()}") from None


def _from_file(name: str) -> dict[str, Any]:
    """Read the file of settings, where unlike in the environment a number is a number and no text."""
    if not name:
        return {}
    try:
        values = tomllib.loads(_read(Path(name), f"{PREFIX}SETTINGS"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{PREFIX}SETTINGS: {name} is not TOML: {error}") from None
    except ValueError:
        raise SettingsError(
            f"{PREFIX}SETTINGS: {name}: a number in it is too long; want at most 4,300 digits"
        ) from None
    known = [*Settings.model_fields]
    unknown = [f"{name}: {_unknown(field, known)}" for field in values if field not in known]
    if unknown:
        raise SettingsError("\n".join(unknown))
    try:
        # As JSON, since that is how a strict model takes a path written as a text.
        Settings.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise _wrong(error, lambda field: f"{name}: {field}") from None
    return values


def _secret(path: Path, variable: str) -> str:
    found = _read(path, variable).strip()
    if not found:
        raise SettingsError(f"{variable}: {path} is empty; want a file that holds the setting's value")
    return found


def _read(path: Path, variable: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise SettingsError(f"{variable}: {path} cannot be read ({reason})") from None


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name}: no such setting" + (
        f"; did you mean {near[0]}?" if near else "; README.md lists those there are"
    )


def _wrong(error: ValidationError, named: Callable[[str], str]) -> SettingsError:
    return SettingsError("\n".join(_told(problem, named) for problem in error.errors()))


def _told(problem: Any, named: Callable[[str], str]) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    got = "a secret" if name in SECRETS else repr(problem.get("input"))
    return f"{named(name)}: got {got}; {problem['msg'].removeprefix('Value error, ')}"
