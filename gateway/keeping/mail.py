"""Mail to the licensing desk: one message a request, sent by the jobs and tried again until the server takes it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

import structlog

from gateway.ledger import GATEWAY, Entry, Event
from gateway.licence import mail_again_at, one_line
from gateway.runtime import Runtime
from gateway.settings import LOOPBACK
from gateway.store import licences
from gateway.store.entries import append_entry
from gateway.store.licences import LicenceRequest

AT_ONCE = 10
PATIENCE_SECONDS = 10.0
PORTS = {"smtp": 587, "smtps": 465}

log = structlog.get_logger()


class MailFaultError(Exception):
    """The server was reached but cannot be used; the text says why."""


def mail_requests(runtime: Runtime, smtp_url: str, now: datetime) -> int:
    """Mail every request that is due; returns how many the server took.

    Nothing is open in the database while a server is spoken to. A crash between the server's word and our note of it
    sends a mail twice, under the same Message-ID, rather than never.
    """
    with runtime.database.reading() as connection:
        waiting = licences.list_unsent(connection, now, limit=AT_ONCE)
    if not waiting:
        return 0
    taken = 0
    try:
        with _server(smtp_url) as server:
            while waiting:
                taken += _mail(runtime, server, waiting[0], now)
                waiting.pop(0)
    except (OSError, smtplib.SMTPException, MailFaultError) as fault:
        # The server itself is away: one request notes it, the others wait for it to be back.
        if waiting:
            _note_fault(runtime, waiting[0], fault, now)
    return taken


def compose(runtime: Runtime, request: LicenceRequest, now: datetime) -> EmailMessage:
    """Write a request's mail; what was typed by a stranger stands in the body, but for a checked name and address."""
    licensing = runtime.policies.in_force(now).policy.publisher.licensing
    about = one_line(request.headline or request.about)
    message = EmailMessage(policy=SMTP)
    message["From"] = message["To"] = licensing
    message["Reply-To"] = Address(one_line(request.name), *request.email.rsplit("@", 1))
    message["Subject"] = f"Licence request {request.number}: {about[:120]}"
    message["Date"] = format_datetime(request.at)
    message["Message-ID"] = f"<licence.{request.number}@{urlsplit(runtime.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(runtime, request, about))
    return message


def _body(runtime: Runtime, request: LicenceRequest, about: str) -> str:
    lines = {
        "Number": request.number,
        "Article": about,
        "Address": f"{runtime.base_url}/articles/{request.slug}" if request.slug else "",
        "Characters": "" if request.characters is None else str(request.characters),
        "Purpose": request.purpose,
        "Name": request.name,
        "E-mail": request.email,
        "Language": request.language,
    }
    told = "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
    return f"{told}\n\n{request.text}\n\n{runtime.base_url}/admin/licences/{request.number}\n"


def _mail(runtime: Runtime, server: smtplib.SMTP, request: LicenceRequest, now: datetime) -> int:
    try:
        server.send_message(compose(runtime, request, now))
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, ValueError) as fault:
        _note_fault(runtime, request, fault, now)
        return 0
    with runtime.database.transaction() as connection:
        licences.mark_mailed(connection, request.id, now)
        append_entry(connection, Entry(now, GATEWAY, Event.LICENCE_MAILED, f"licence:{request.number}"))
    return 1


def _note_fault(runtime: Runtime, request: LicenceRequest, fault: Exception, now: datetime) -> None:
    told = _told(fault)
    log.warning("licence_not_mailed", number=request.number, fault=told, tries=request.mail_tries + 1)
    again_at = mail_again_at(now, request.mail_tries)
    with runtime.database.transaction() as connection:
        licences.note_mail_fault(connection, request.id, told, again_at=again_at)


def _told(fault: Exception) -> str:
    # A server's own words may hold the address that was refused, so only its code is kept.
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"the mail server answered {fault.smtp_code}"
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in fault.recipients.values()})
        return f"the mail server refused the recipient ({', '.join(map(str, codes))})"
    if isinstance(fault, MailFaultError):
        return str(fault)
    return type(fault).__name__


@contextmanager
def _server(smtp_url: str) -> Iterator[smtplib.SMTP]:
    """Open the mail server; over smtp:// everything goes by STARTTLS, but for a server on this machine."""
    parts = urlsplit(smtp_url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=PATIENCE_SECONDS, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=PATIENCE_SECONDS)
    )
    with server:
        server.ehlo()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif parts.scheme == "smtp" and host not in LOOPBACK:
            raise MailFaultError("the mail server offers no STARTTLS")
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
