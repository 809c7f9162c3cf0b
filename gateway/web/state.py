"""What the views work with: the runtime and what one process keeps beside it."""

from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from gateway.reading.shelf import Shelf
from gateway.runtime import Runtime
from gateway.scanners import Scanners, parse_networks
from gateway.settings import Settings
from gateway.stamp import PageStamp

# A stamp made for one purpose is worth nothing for another.
STAMPS = ("card", "claim", "confirm", "copy", "licence", "move", "transfer", "forget", "click")


@dataclass(frozen=True)
class State:
    """One process's parts for the views."""

    runtime: Runtime
    settings: Settings
    shelf: Shelf
    card_stamp: PageStamp
    claim_stamp: PageStamp
    confirm_stamp: PageStamp
    copy_stamp: PageStamp
    licence_stamp: PageStamp
    digest_key: bytes
    move_stamp: PageStamp
    transfer_stamp: PageStamp
    forget_stamp: PageStamp
    click_stamp: PageStamp
    scanners: Scanners
    shown_policies: dict[tuple[int, str], Any] = field(default_factory=dict)


def make_state(runtime: Runtime, settings: Settings) -> State:
    """Derive what the views need from the runtime and the settings."""
    secret = runtime.keys.keys.derived("stamp.v1")
    stamps = {name: PageStamp(secret, f"{name}.v1") for name in STAMPS}
    return State(
        runtime,
        settings,
        Shelf(),
        card_stamp=stamps["card"],
        claim_stamp=stamps["claim"],
        confirm_stamp=stamps["confirm"],
        copy_stamp=stamps["copy"],
        licence_stamp=stamps["licence"],
        digest_key=runtime.keys.keys.derived("limits.v1"),
        move_stamp=stamps["move"],
        transfer_stamp=stamps["transfer"],
        forget_stamp=stamps["forget"],
        click_stamp=stamps["click"],
        scanners=Scanners(parse_networks(settings.scanners)),
    )


def state() -> State:
    """Return the state of the app that answers this request."""
    found: State = itself(current_app).extensions["gateway"]
    return found


def itself(proxy: Any) -> Any:
    """Return what a proxy of Flask's stands for in this request.

    Each look through one of them costs as much as ten at the thing itself, and an answer takes dozens.
    """
    return proxy._get_current_object()  # noqa: SLF001  # Documented, and named so as to clash with nothing.
