"""The application: settings in, a Flask app out."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFProtect
from werkzeug.http import parse_cookie
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.utils import cached_property

from gateway.keeping.keys import holds_gifts
from gateway.keys import open_key_ring
from gateway.resources import folder
from gateway.runtime import Runtime
from gateway.settings import Settings, read_settings
from gateway.sharing.wording import LABEL_LENGTH, NOTE_LENGTH
from gateway.store.engine import open_database
from gateway.web import (
    accounts,
    admin,
    api,
    asking,
    assets,
    copying,
    deskaccounts,
    deskarticles,
    deskexport,
    deskgiftlist,
    deskgifts,
    desklog,
    desknetworks,
    desksearch,
    disputing,
    drawing,
    giving_back,
    headers,
    intake,
    languages,
    licencedesk,
    licensing,
    limits,
    moving,
    operations,
    overview,
    pages,
    parts,
    pausing,
    policyroom,
    queue,
    reader,
    refusals,
    replays,
    report,
    rows,
    rules,
    subscriber,
    usage,
)
from gateway.web.showing import shown_person, shown_policy
from gateway.web.state import make_state
from gateway.web.storywords import happened
from gateway.web.wording import done_words, words_for

BODY_BYTES = 256 * 1024
OPEN_TO_ALL = (reader.bp, pausing.bp, copying.bp, licensing.bp, moving.bp)
# These put their pages into the one blueprint that has the desk's guard.
DESK = (desklog, desksearch, deskgiftlist, deskgifts, deskaccounts, deskarticles, desknetworks, deskexport)
BLUEPRINTS = (
    *OPEN_TO_ALL,
    subscriber.bp,
    giving_back.bp,
    disputing.bp,
    accounts.bp,
    admin.bp,
    overview.bp,
    usage.bp,
    report.bp,
    licencedesk.bp,
    rules.bp,
    policyroom.bp,
    replays.bp,
    queue.bp,
    pages.bp,
    api.bp,
    operations.bp,
)


class _Request(Request):
    """Flask's request, which finds its cookies without a look at every header."""

    @cached_property
    def cookies(self) -> dict[str, str]:  # type: ignore[override]
        """The cookies, by name; of several alike the first, which is that of the longest path."""
        return parse_cookie(self.environ).to_dict()


class _Gateway(Flask):
    """Flask, which need not look at each call whether a function is a coroutine: none of ours is."""

    request_class = _Request

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is."""
        return func


class _Session(SecureCookieSessionInterface):
    """Flask's cookie, which holds the CSRF secret only, signed with SHA-256 instead of SHA-1.

    Readers neither bring one nor are given one, so for them no key is derived and no cookie described.
    """

    digest_method = staticmethod(hashlib.sha256)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie, if there is one."""
        brought = self.get_cookie_name(app) in request.cookies
        return super().open_session(app, request) if brought else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, if anything asked for it."""
        if session or session.accessed or session.modified:
            super().save_session(app, session, response)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app of one process; raises SettingsError, KeyFileError or DatabaseAddressError."""
    found = settings or read_settings()
    return build_app(open_runtime(found), found)


def open_runtime(settings: Settings) -> Runtime:
    """Open what the use cases work with; only where there is no key file yet is the database asked about it."""
    database = open_database(settings.database, threads=settings.threads)
    keys = open_key_ring(settings.key_file, needed=lambda: holds_gifts(database))
    return Runtime(database=database, keys=keys, base_url=settings.base_url)


def build_app(runtime: Runtime, settings: Settings) -> Flask:
    """Put the app together around a runtime, whose clock a test may own."""
    app = _Gateway("gateway", template_folder=str(folder("templates")), static_folder="web/static")
    app.config.update(
        SECRET_KEY=runtime.keys.keys.derived("form.v1"),
        SESSION_COOKIE_NAME="__Host-form" if settings.secure else "form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES,
        # A form on a no-referrer page sends no Referer and `Origin: null`.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.session_interface = _Session()
    app.extensions["gateway"] = make_state(runtime, settings)
    app.jinja_env.globals.update(words_for=words_for, done_words=done_words, happened=happened)
    app.jinja_env.globals.update(label_length=LABEL_LENGTH, note_length=NOTE_LENGTH)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        count = settings.proxies
        proxied: Any = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    _install(app, runtime, settings)
    return app


def _install(app: Flask, runtime: Runtime, settings: Settings) -> None:
    operations.install(app)
    asking.install(app)
    headers.install(app, secure=settings.secure)
    languages.install(
        app, folder=folder("translations"), zone=lambda: _zone(runtime), secure_cookies=settings.secure
    )
    assets.install(app)
    rows.install(app)
    parts.install(app)
    drawing.install(app)
    refusals.install(app)
    intake.install(app)
    limits.install(app, settings, runtime)
    csrf = CSRFProtect(app)
    # These need no session; they check where the form came from by themselves.
    for open_to_all in (*OPEN_TO_ALL, accounts.sign_in_now, pages.forget):
        csrf.exempt(open_to_all)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

    @app.context_processor
    def what_every_page_says() -> dict[str, Any]:
        return {
            "person": shown_person(asking.account()),
            "policy": shown_policy(),
            "csp_nonce": headers.nonce(),
            "done_code": request.args.get("done", ""),
        }


def _zone(runtime: Runtime) -> str:
    return runtime.policies.in_force(runtime.clock()).policy.publisher.zone
