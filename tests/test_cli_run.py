"""`gateway run`: looks before it serves, serves with every worker, and stops in order."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.keys import open_key_ring
from gateway.link import new_capability
from tests.serving import COMMAND, ROOT, Gateway, Serving, installation


def refused(gateway: Gateway, *options: str) -> str:
    """Run a server that must not start, with status 2 and one line; returns the line."""
    words = options or ("--bind", f"127.0.0.1:{gateway.port}")
    done = subprocess.run(
        [*COMMAND, "run", *words],
        cwd=ROOT,
        env=gateway.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr.removeprefix("gateway: ").rstrip()


@pytest.fixture
def gateway(sqlite_url: str, tmp_path: Path) -> Gateway:
    """Yield an installation whose database is migrated."""
    return installation(sqlite_url, tmp_path)


def test_a_taken_port_is_told(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", gateway.port)):
        assert refused(gateway) == f"127.0.0.1:{gateway.port} cannot be served: Address already in use"


@pytest.mark.parametrize("bind", ["8000", "127.0.0.1:", "127.0.0.1:70000", ":8000"])
def test_an_address_that_is_none_is_told(gateway: Gateway, bind: str) -> None:
    assert f"got '{bind}'; want HOST:PORT, such as 127.0.0.1:8000" in refused(gateway, "--bind", bind)


def test_a_database_that_was_not_set_up_is_told(tmp_path: Path) -> None:
    fresh = installation(f"sqlite:///{tmp_path / 'fresh.db'}", tmp_path)
    assert refused(fresh) == "the database has no tables yet; run `gateway db upgrade`"


def test_a_database_that_is_none_or_away_is_told(tmp_path: Path) -> None:
    (tmp_path / "diary.db").write_text("Dear diary, " * 500)
    assert refused(installation(f"sqlite:///{tmp_path / 'diary.db'}", tmp_path)).endswith(
        "file is not a database"
    )
    assert "Connection refused" in refused(installation("postgresql://gateway@127.0.0.1:9/gateway", tmp_path))
    assert "names 'mysql'; want" in refused(installation("mysql://localhost/gateway", tmp_path))


def test_a_policy_that_is_none_is_told_by_line(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("= 3\n")
    told = refused(installation(sqlite_url, tmp_path, POLICY=str(tmp_path / "bad.toml")))
    assert f"{tmp_path / 'bad.toml'}:1: got " in told
    absent = refused(installation(sqlite_url, tmp_path, POLICY=str(tmp_path / "absent.toml")))
    assert "absent.toml: got no such file or directory, wants a file that can be read" in absent


def test_keys_that_cannot_be_read_are_told(gateway: Gateway) -> None:
    (gateway.var / "keys.json").write_text("{}")
    assert refused(gateway).startswith(f"{gateway.var / 'keys.json'}: want JSON")


def test_a_wrong_setting_is_told(sqlite_url: str, tmp_path: Path) -> None:
    assert "GATEWAY_BASE_URL" in refused(installation(sqlite_url, tmp_path, BASE_URL="http://news.example"))


def test_the_server_answers_and_stops_with_every_line_json(
    start_gateway: Callable[..., Serving], sqlite_url: str
) -> None:
    serving = start_gateway(sqlite_url)
    token = open_key_ring(serving.gateway.var / "keys.json").signer
    link = f"{serving.url}/g/{token.sign(new_capability(), token.newest)}"
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(link)
    answer.value.close()
    assert answer.value.code == 404
    assert serving.stop() == 0
    lines = [json.loads(line) for line in serving.gateway.log.splitlines() if line.startswith("{")]
    assert {"request", "Handling signal: term", "Shutting down: Master"} <= {line["event"] for line in lines}
    assert len(lines) >= len(serving.gateway.log.splitlines()) - 1  # A line for the operator may come before.
    assert link.rpartition("/")[2] not in serving.gateway.log
    assert "203.0.113" not in serving.gateway.log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_ended_before_the_server_stops(
    start_gateway: Callable[..., Serving], sqlite_url: str, how: signal.Signals
) -> None:
    serving = start_gateway(sqlite_url, workers=1)
    with socket.create_connection(("127.0.0.1", serving.gateway.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n")
        time.sleep(0.3)
        serving.process.send_signal(how)
        time.sleep(0.1)
        connection.sendall(b"\r\n")
        answer = b""
        while block := connection.recv(65536):
            answer += block
    if how is signal.SIGTERM:
        assert answer.startswith(b"HTTP/1.1 200")
    assert serving.stop() == 0


def test_the_figures_of_all_workers_add_up_and_their_folder_goes(
    start_gateway: Callable[..., Serving], sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    serving = start_gateway(sqlite_url, workers=2)
    for _ in range(24):
        urllib.request.urlopen(f"{serving.url}/subscribe").close()
    seen = []
    for _ in range(8):
        with urllib.request.urlopen(f"{serving.url}/metrics") as answer:
            found = [
                line for line in answer.read().decode().splitlines() if 'endpoint="pages.subscribe"' in line
            ]
        seen.append(next(line.split()[-1] for line in found if line.startswith("gateway_requests_total")))
    assert set(seen) == {"24.0"}
    assert list(tmp_path.glob("gateway-figures-*")) != []
    assert serving.stop() == 0
    assert list(tmp_path.glob("gateway-figures-*")) == []


def test_a_policy_that_differs_is_named_and_not_applied(
    sqlite_url: str, start_gateway: Callable[..., Serving], tmp_path: Path
) -> None:
    start_gateway(sqlite_url).stop()
    other = tmp_path / "other.toml"
    other.write_text((ROOT / "policies" / "spiegel.toml").read_text("utf-8"))
    serving = start_gateway(sqlite_url, POLICY=str(other))
    assert serving.stop() == 0
    assert (
        f"gateway: {other} differs from policy version 1 (ft.toml) and is not applied" in serving.gateway.log
    )


def test_a_worker_that_is_killed_is_replaced(start_gateway: Callable[..., Serving], sqlite_url: str) -> None:
    serving = start_gateway(sqlite_url, workers=1)
    children = Path(f"/proc/{serving.process.pid}/task/{serving.process.pid}/children")
    if not children.exists():
        pytest.skip("no /proc: this system does not tell a process's children")
    (worker,) = children.read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    end = time.monotonic() + 20
    while time.monotonic() < end and children.read_text().split() in ([], [worker]):
        time.sleep(0.05)
    with urllib.request.urlopen(f"{serving.url}/") as answer:
        assert answer.status == 200
