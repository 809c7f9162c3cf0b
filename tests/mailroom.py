"""A real mail server for the tests: it listens on a free port of this machine and keeps what it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.children import free_port

USER = "desk"
SECRET = "swordfish:/?"


@dataclass
class Mailroom:
    """What was delivered, to whom, and what the server answers."""

    port: int
    answers: list[str] = field(default_factory=list)
    delivered: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address as GATEWAY_SMTP_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - The server's own name.
        """Keep a message, unless told to answer otherwise."""
        if self.answers:
            return self.answers.pop(0)
        found = message_from_bytes(envelope.content, policy=default)
        assert isinstance(found, EmailMessage)
        self.delivered.append(found)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
        """Let the one user in."""
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login)
        right = (given.login, given.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=right, handled=False)


@pytest.fixture
def mailroom() -> Iterator[Mailroom]:
    """Yield a mail server that is running."""
    made = Mailroom(free_port())
    controller = Controller(
        made,
        hostname="127.0.0.1",
        port=made.port,
        auth_require_tls=False,
        authenticator=made.authenticate,
    )
    controller.start()
    yield made
    controller.stop()
