"""Who is at the door, as the use cases of reading see them."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.keys import digest
from gateway.ledger import Actor, reader_actor
from gateway.store.accounts import Account

# Who works for the publisher reads everything; no bulk rule counts them.
STAFF = ("admin", "auditor")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visitor's request: the device's digest where it keeps our cookie, the account where one is signed in.

    `located` names the network it came from, under this month's key and the last one's; most visits need no name.
    `agent` is what the browser calls itself.
    """

    device: bytes | None = None
    account: Account | None = None
    visitor: str = "person"
    located: Callable[[], tuple[bytes, ...]] = tuple
    request_id: str = ""
    agent: str = ""

    @property
    def networks(self) -> tuple[bytes, ...]:
        """The network's names, this month's first."""
        return self.located()

    @property
    def who(self) -> bytes:
        """A digest of network and browser, by which acts are told apart that COUNTER would count once; empty for none."""
        names = self.networks
        return digest(names[0] + self.agent.encode())[:16] if names else b""

    @property
    def network(self) -> bytes | None:
        """The network's name under this month's key."""
        names = self.networks
        return names[0] if names else None

    @property
    def is_staff(self) -> bool:
        """Tell whether somebody who works for the publisher is signed in."""
        return self.account is not None and self.account.role in STAFF

    @property
    def actor(self) -> Actor:
        """The name under which the log knows an account, or else nobody in particular.

        A device is named only where it holds a claim: cookies are free to invent, and each new name would
        be a new line of the log.
        """
        name = "reader" if self.account is None else f"account:{self.account.id}"
        return Actor(name, self.visitor, self.request_id)

    @property
    def holder(self) -> Actor:
        """The name under which the log knows a device that holds, or is being given, a claim."""
        if self.device is None:
            return self.actor
        return reader_actor(self.device, visitor=self.visitor, request_id=self.request_id)
