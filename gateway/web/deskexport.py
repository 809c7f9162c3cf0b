"""The desk's filtered views as files: what is in the address is what is in the file."""

from collections.abc import Callable

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from gateway.auditing import exporting
from gateway.auditing.bundle import Form
from gateway.auditing.exporting import View
from gateway.decision import Deny, Reason
from gateway.keeping.publishing import PublishingError, shelf_at
from gateway.verify import Note
from gateway.web import asking
from gateway.web.admin import bp
from gateway.web.deskgiftlist import gift_filters, gift_view
from gateway.web.desklog import entry_filter, log_filters
from gateway.web.refusals import refused
from gateway.web.state import state


@bp.get("/log/export")
def export_log() -> AnyResponse:
    """Hand out the entries that the log's filters find."""
    return _export(lambda: exporting.log_view(entry_filter(log_filters())))


@bp.get("/gifts/export")
def export_gifts() -> AnyResponse:
    """Hand out the gifts that the filters find."""
    return _export(
        lambda: exporting.gifts_view(gift_view(gift_filters()), state().runtime.keys.signer.key_ids)
    )


@bp.get("/accounts/export")
def export_accounts() -> AnyResponse:
    """Hand out the accounts that the search finds."""
    return _export(lambda: exporting.accounts_view(request.args.get("q", "").strip()[:100]))


def _export(view: Callable[[], View]) -> AnyResponse:
    try:
        form, wanted = Form(request.args.get("form", Form.CSV)), view()
    except ValueError:
        return refused(Deny(Reason.REQUEST_INVALID))
    name = f"{wanted.name}-{state().runtime.clock():%Y-%m-%d}.zip"
    told = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(mimetype="application/zip", headers=told)
    chunks = exporting.export(state().runtime, asking.actor(), wanted, form, _newest())
    return Response(chunks, mimetype="application/zip", headers=told)


def _newest() -> Callable[[], Note | None]:
    settings = state().settings
    shelf = shelf_at(settings.checkpoints, settings.var / "checkpoints")

    def found() -> Note | None:
        # What lies there and cannot be read keeps nobody from the rows, whose digest holds without it.
        try:
            return shelf.newest()
        except PublishingError:
            return None

    return found
