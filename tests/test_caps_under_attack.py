"""A link's cap and bound while everybody comes at once, against a served gateway on both databases."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from gateway.accounts.managing import NewAccount, add_account
from gateway.articles.importing import import_paths
from gateway.keys import open_key_ring
from gateway.ledger import OPERATOR, account_actor
from gateway.runtime import Runtime
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store.engine import open_database
from tests.served import ARTICLE, PASSWORD, WITHHELD
from tests.serving import Serving
from tests.test_gift_links import PERSON

pytestmark = pytest.mark.load

DEVICES = 500
AT_ONCE = 50
CAP, BOUND = 10, 20  # As policies/ft.toml has them.


@dataclass
class Device:
    """One browser: a connection for each request, and the cookie it was given."""

    port: int
    cookie: str = ""
    nonce: str = ""
    page: str = ""
    said: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **form: str) -> tuple[int, str, str]:
        """Ask and return status, where to go on, and the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"User-Agent": PERSON, "Accept": "text/html", "Connection": "close"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        connection.close()
        return answer.status, answer.getheader("Location") or "", text

    def look(self, path: str) -> int:
        """Look at the card and keep its stamp."""
        status, _, text = self.ask("GET", path)
        found = re.search(r'action="/g/[^"/]+">\s*<input type="hidden" name="nonce" value="([^"]+)"', text)
        self.nonce = found[1] if found else ""
        return status

    def read(self, path: str) -> bool:
        """Take the gift up as the card's script does and fetch the article; tells whether the text came."""
        status, onward, _ = self.ask("POST", path, nonce=self.nonce)
        if status != 303:
            return False
        _, _, self.page = self.ask("GET", onward)
        return WITHHELD in self.page

    def confirm(self, slug: str) -> int:
        """Report, as the page's script does, that a person reads."""
        found = re.search(r'<reading-confirm[^>]* data-nonce="([^"]+)"', self.page)
        assert found is not None, self.page
        return self.ask("POST", f"/articles/{slug}/confirm", nonce=found[1])[0]


@pytest.fixture
def attacked(
    start_gateway: Callable[..., Serving], database_url: str, tmp_path: Path
) -> tuple[Serving, Runtime, Issued]:
    """Serve a gateway with one gift."""
    serving = start_gateway(database_url, workers=2, THREADS="8", LOG_LEVEL="warning")
    gateway = serving.gateway
    runtime = Runtime(open_database(database_url), open_key_ring(gateway.var / "keys.json"), gateway.url)
    (tmp_path / "tide.md").write_text(ARTICLE, "utf-8")
    assert not import_paths(runtime, [tmp_path / "tide.md"]).failed
    add_account(runtime, OPERATOR, NewAccount("s@example.com", "Sam", "subscriber", "standard", PASSWORD))
    issued = issue_gift(runtime, account_actor(1), Wish(1, 1, "first"))
    assert isinstance(issued, Issued)
    assert (issued.gift.readers, issued.gift.unconfirmed_bound) == (CAP, BOUND)
    return serving, runtime, issued


def all_at_once(devices: Iterable[Device], act: Callable[[Device], Any]) -> list[Any]:
    """Let many act together, as many as there are threads, begun at one signal."""
    begin = threading.Event()

    def wait_and_act(device: Device) -> Any:
        begin.wait()
        return act(device)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [pool.submit(wait_and_act, device) for device in devices]
        begin.set()
        return [answer.result() for answer in answers]


def test_of_500_devices_at_once_as_many_get_the_text_as_cap_and_bound_say(
    attacked: tuple[Serving, Runtime, Issued],
) -> None:
    serving, runtime, issued = attacked
    path, slug = f"/g/{issued.token}", "the-tide-book"
    devices = [Device(serving.gateway.port) for _ in range(DEVICES)]
    assert set(all_at_once(devices, lambda device: device.look(path))) == {200}

    got = all_at_once(devices, lambda device: device.read(path))
    assert sum(got) == BOUND
    assert counts(runtime) == (0, BOUND)

    time.sleep(3)  # The wait is measured by the server's own clock, which nobody moves from outside.
    readers = [device for device, text in zip(devices, got, strict=True) if text]
    confirmed = all_at_once(readers, lambda device: device.confirm(slug))
    assert sorted(confirmed) == [204] * CAP + [410] * (BOUND - CAP)
    assert counts(runtime) == (CAP, BOUND - CAP)

    # Who was shown the card before the last reading counted may still come in while the bound has room.
    others = [device for device in devices if device not in readers]
    late = all_at_once(others, lambda device: device.read(path))
    assert sum(late) == CAP
    assert counts(runtime) == (CAP, BOUND)
    more = [device for device, text in zip(others, late, strict=True) if text]
    assert set(all_at_once(more, lambda device: device.confirm(slug))) <= {410, 425}
    assert counts(runtime) == (CAP, BOUND)
    with runtime.database.reading() as connection:
        served = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM claim WHERE served_at IS NOT NULL"
        ).scalar_one()
    assert served == CAP + BOUND
    runtime.close()


def counts(runtime: Runtime) -> tuple[int, int]:
    """Count the gift's confirmed and unconfirmed devices."""
    with runtime.database.reading() as connection:
        row = connection.exec_driver_sql("SELECT confirmed, unconfirmed FROM gift").one()
        return row[0], row[1]
