"""The server: gunicorn in this process, configured by us alone, its own words in our log."""

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prometheus_client.values
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.http.errors import NoMoreData, ParseException  # type: ignore[import-untyped]
from prometheus_client.multiprocess import mark_process_dead
from werkzeug.exceptions import BadRequest

from gateway.app import create_app
from gateway.logs import configure
from gateway.settings import Settings

GRACEFUL_SECONDS = 20
# How gunicorn begins to speak of a request that it cannot read.
BROKEN = "Invalid request from"
BROKEN_SECONDS = 60.0
# Containers that were made and not given back; Python's own figure is 700.
YOUNG_BEFORE_COLLECTING = 20_000
SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"


class OurLog(Logger):  # type: ignore[misc]
    """Gunicorn's logger, which lets the process's own log write what it says; requests are logged by the app."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self._broken = 0
        self._told_at = float("-inf")

    def setup(self, cfg: Any) -> None:
        """Take no handler of gunicorn's own."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Warn; of what was no HTTP at all, which anybody can send without end, only how much there was in a minute."""
        if not msg.startswith(BROKEN):
            super().warning(msg, *args, **kwargs)
            return
        self._broken += 1
        if time.monotonic() - self._told_at >= BROKEN_SECONDS:
            self.error_log.warning("requests that were no HTTP were refused: %d", self._broken)
            self._broken, self._told_at = 0, time.monotonic()


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings and nothing else: neither its files nor its environment variables are read."""

    def __init__(self, settings: Settings, bind: str, workers: int) -> None:
        self._settings = settings
        self._options = options(settings, bind, workers)
        super().__init__(prog="gateway run")

    def load_config(self) -> None:
        """Set what we set."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the app; each worker makes its own after the fork, so that none shares a connection or a thread."""
        app = create_app(self._settings)
        # A body that breaks off, or is chunked wrongly, shows only while a view reads it; it is the sender's fault.
        for fault in (ParseException, NoMoreData):
            app.register_error_handler(fault, lambda _: app.handle_http_exception(BadRequest()))
        return app


def options(settings: Settings, bind: str, workers: int) -> dict[str, Any]:
    """Spell gunicorn's settings."""
    return {
        "bind": bind,
        "workers": workers,
        "worker_class": "gthread",
        "threads": settings.threads,
        "graceful_timeout": GRACEFUL_SECONDS,
        # Longer than the usual proxy keeps a connection to us, so that it never writes into one we just closed.
        "keepalive": 75,
        "control_socket_disable": True,
        # How far a proxy is believed is the app's to say (GATEWAY_PROXIES), and nobody's beside it.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "accesslog": None,
        "loglevel": settings.log_level,
        "logger_class": OurLog,
        "post_worker_init": _spare_the_collector,
        "child_exit": _forget_figures,
        "worker_exit": _close_app,
    }


def serve(settings: Settings, bind: str, workers: int) -> None:
    """Serve until stopped; ends the process as gunicorn does, with 0 after SIGTERM, SIGINT or SIGQUIT."""
    configure(settings.log_level, to=sys.stdout)
    with_shared_figures(Server(settings, bind, workers).run)


def with_shared_figures(run: Callable[[], None]) -> None:
    """Run something whose processes add their figures up in a folder of their own, gone at the end.

    An operator's own PROMETHEUS_MULTIPROC_DIR is left as it is.
    """
    if SHARED_FIGURES in os.environ:
        run()
        return
    folder = Path(tempfile.mkdtemp(prefix="gateway-figures-"))
    ours = os.getpid()
    os.environ[SHARED_FIGURES] = str(folder)
    # The library chooses where to count when it is imported, which was before there was a folder.
    prometheus_client.values.ValueClass = prometheus_client.values.get_value_class()  # type: ignore[no-untyped-call]
    try:
        run()
    finally:
        # A worker leaves through here too, and must not take the folder from the others.
        if os.getpid() == ours:
            shutil.rmtree(folder, ignore_errors=True)


def _forget_figures(_server: Any, worker: Any) -> None:
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _spare_the_collector(_worker: Any) -> None:
    """Let the collector of cycles pass by what was made at the start, and come by less often.

    What stands when a worker begins to serve is never garbage, and next to nothing of a request is in a cycle; so
    looking through all of it again and again, a twentieth of a read's processor, finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_BEFORE_COLLECTING)


def _close_app(_server: Any, worker: Any) -> None:
    # What is counted in memory is written before the worker goes.
    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        app.extensions["gateway"].runtime.close()
