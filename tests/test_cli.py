"""The operator's commands: what each does, what it says, and the one line in which it fails."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import click
import pytest
from sqlalchemy import create_engine, text

from gateway.app import open_runtime
from gateway.cli import commands
from gateway.ledger import Actor
from gateway.reading.serving import article_by_slug
from gateway.reading.shelf import Shelf
from gateway.runtime import Runtime
from gateway.settings import read_settings
from gateway.sharing.issuing import Issued, Wish, issue_gift
from gateway.store import firings, schema
from gateway.store.articles import Article
from gateway.store.entries import EntryFilter, StoredEntry, list_entries
from tests.commands import Terminal
from tests.house import POLICY, STORY

PASSWORD = "a long password"


@pytest.fixture
def runtime(terminal: Terminal) -> Iterator[Runtime]:
    """Yield the runtime of the terminal's gateway."""
    assert terminal.var.is_dir()
    opened = open_runtime(read_settings())
    yield opened
    opened.close()


@pytest.fixture
def giver(terminal: Terminal, tmp_path: Path) -> str:
    """Yield the address of a subscriber, beside whom there is an article `tide-book`."""
    (tmp_path / "password").write_text(PASSWORD + "\nanother line\n")
    add(terminal, "sam@example.com", "--plan", "standard")
    (tmp_path / "tide.md").write_text(STORY.format(slug="tide-book"))
    terminal.done("articles", "import", str(tmp_path / "tide.md"))
    return "sam@example.com"


def add(terminal: Terminal, email: str, *options: str) -> str:
    """Add an account."""
    path = terminal.var.parent / "password"
    path.write_text(PASSWORD)
    return terminal.done("accounts", "add", email, "--name", "Sam", "--password-file", str(path), *options)


def gift(runtime: Runtime, account_id: int = 1) -> Issued:
    """Issue a gift of the article `tide-book`."""
    article = slug_of(runtime)
    issued = issue_gift(runtime, Actor("account:1"), Wish(account_id, article.id, uuid4().hex, separate=True))
    assert isinstance(issued, Issued)
    return issued


def slug_of(runtime: Runtime) -> Article:
    """Find the one article."""
    with runtime.database.reading() as connection:
        slug = connection.exec_driver_sql("SELECT slug FROM article").scalar_one()
    article = article_by_slug(runtime, Shelf(), slug)
    assert isinstance(article, Article)
    return article


def entries(runtime: Runtime, event: str) -> list[StoredEntry]:
    """List what the log says of an event."""
    with runtime.database.reading() as connection:
        return list_entries(connection, EntryFilter(event=event))


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """List every command by its words."""
    found = [path]
    for name, command in group.commands.items():
        below = (*path, name)
        found += every_command(command, below) if isinstance(command, click.Group) else [below]
    return found


@pytest.mark.parametrize("path", every_command(commands), ids=" ".join)
def test_every_command_says_what_it_does(path: tuple[str, ...]) -> None:
    command: click.Command = commands
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command.help
    assert command.help[0].isupper()
    context = click.Context(command)
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(path)} {parameter.name}"


def test_a_wrong_word_is_told_in_one_line(terminal: Terminal) -> None:
    assert terminal.fault(2, "accounts", "list", "--lik", "x").startswith("No such option")
    assert "`gateway accounts list --help` tells more" in terminal.fault(2, "accounts", "list", "--lik", "x")
    assert "No such command 'fly'" in terminal.fault(2, "fly")
    assert terminal.type().status == 2


# --- Tables ---------------------------------------------------------------------------------------------------------


def test_the_first_upgrade_adopts_the_policy_and_the_next_says_nothing_of_it(terminal: Terminal) -> None:
    assert terminal.done("db", "upgrade") == f"the tables stand at step {schema.newest()}\n"
    assert terminal.done("db", "current") == f"{schema.newest()}; this release wants {schema.newest()}\n"
    assert re.match(
        r"\*   1  from \S+  [0-9a-f]{12}  ft.toml, by operator\n", terminal.done("policy", "versions")
    )


def test_going_back_asks_first(terminal: Terminal) -> None:
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert terminal.type("db", "downgrade", "base").status == 1
    assert terminal.done("db", "current").startswith(schema.newest())
    terminal.done("db", "downgrade", "base", "--yes")
    assert terminal.done("db", "current") == f"no tables; this release wants {schema.newest()}\n"
    assert "has no tables yet; run `gateway db upgrade`" in terminal.fault(2, "accounts", "list")
    assert f"is no step; the steps are base, {', '.join(sorted(schema.known()))}" in terminal.fault(
        2, "db", "downgrade", "7", "--yes"
    )


# --- Policy ---------------------------------------------------------------------------------------------------------


def test_a_policy_is_checked(terminal: Terminal, tmp_path: Path) -> None:
    assert "gifts a month: standard 10, premium 20" in terminal.done("policy", "check", str(POLICY))
    bad = tmp_path / "bad.toml"
    bad.write_text(POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = -1\n"))
    assert re.search(
        r"bad\.toml:\d+: plans\.standard\.gifts: got -1, wants 0 or more",
        terminal.fault(2, "policy", "check", str(bad)),
    )


def test_a_policy_is_proposed_and_shown(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = 11\n"))
    assert terminal.done("policy", "propose", str(other), "--at", "2127-01-01T00:00:00+01:00") == (
        "version 2 applies from 2127-01-01T00:00:00+01:00\n"
    )
    assert terminal.done("policy", "show") == POLICY.read_text("utf-8")
    assert terminal.done("policy", "show", "2") == other.read_text()
    assert (
        terminal.done("policy", "versions")
        .splitlines()[1]
        .startswith("    2  from 2126-12-31T23:00:00+00:00")
    )
    gone = tmp_path / "gone.toml"
    gone.write_text(other.read_text().replace("[plans.premium]", "[plans.gold]"))
    add(terminal, "pia@example.com", "--plan", "premium")
    later = ("policy", "propose", str(gone), "--at", "2127-02-01T00:00:00Z")
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    refused = terminal.type(*later)
    assert (refused.status, refused.err) == (1, "gateway: nothing was done\n")
    told = f"{gone}: it lacks the plan 'premium', which 1 account has; from then on they can give nothing"
    assert told in refused.out
    assert "version 3 applies from" in terminal.done(*later, "--yes")
    told = terminal.fault(2, "policy", "propose", str(gone), "--at", "2127-03-01T00:00:00Z", "--yes")
    assert told.startswith(f"{gone}: this is version 3, which is in force then anyway")
    assert "gone.toml, by operator" in terminal.done("policy", "versions")
    assert str(tmp_path) not in terminal.done("policy", "versions")
    assert "no policy version 4; the versions are 1, 2, 3" in terminal.fault(2, "policy", "show", "4")


@pytest.mark.parametrize(
    "instant", ["tomorrow", "2127-01-01T00:00:00", "2127-13-01T00:00:00Z", "9999-12-31T23:59:59-10:00"]
)
def test_an_instant_that_leaves_open_which_it_is_is_refused(terminal: Terminal, instant: str) -> None:
    told = terminal.fault(2, "policy", "propose", str(POLICY), "--at", instant)
    assert f"got '{instant}'; want an instant with its offset, such as 2027-01-01T00:00:00Z, or now" in told


def test_an_instant_of_the_past_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = 11\n"))
    assert "or later, so that every worker knows" in terminal.fault(
        2, "policy", "propose", str(other), "--at", "2020-01-01T00:00:00Z"
    )


# --- Articles -------------------------------------------------------------------------------------------------------


def test_articles_are_imported_and_one_bad_file_makes_the_status(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.md").write_text(STORY.format(slug="good"))
    assert "1 added" in terminal.done("articles", "import", str(folder))
    (folder / "bad.md").write_text("no front matter")
    said = terminal.type("articles", "import", str(folder))
    assert said.status == 1
    assert "bad.md" in said.out
    assert "1 unchanged" in said.out


# --- Accounts and tokens --------------------------------------------------------------------------------------------


def test_an_account_is_added_listed_changed_and_signed_out(
    terminal: Terminal, runtime: Runtime, giver: str
) -> None:
    add(terminal, "ada@example.com", "--role", "admin")
    assert terminal.done("accounts", "list") == (
        "       1  sam@example.com, Sam, subscriber, plan standard\n       2  ada@example.com, Sam, admin\n"
    )
    assert terminal.done("accounts", "list", "--like", "ada").count("\n") == 1
    assert terminal.done("accounts", "plan", giver, "premium") == "sam@example.com has plan premium\n"
    assert "is suspended; its links go on" in terminal.done("accounts", "suspend", giver, "--reason", "fraud")
    assert "suspended" in terminal.done("accounts", "list", "--like", "sam")
    assert "may give again" in terminal.done("accounts", "unsuspend", giver, "--reason", "cleared")
    assert terminal.done("accounts", "sign-out", giver) == "sam@example.com is signed out of 0 browsers\n"
    everybody = ("accounts", "sign-out", "--all", "--reason", "cookies leaked", "--yes")
    assert terminal.done(*everybody) == "everybody is signed out of 0 browsers\n"
    assert "wants a --reason" in terminal.type("accounts", "sign-out", "--all").err
    assert "either an EMAIL or --all" in terminal.type("accounts", "sign-out", giver, "--all").err
    (terminal.var.parent / "new").write_text("another long password")
    assert "new password" in terminal.done(
        "accounts", "password", giver, "--password-file", str(terminal.var.parent / "new")
    )
    for event in (
        "account:added",
        "account:plan_changed",
        "account:suspended",
        "account:unsuspended",
        "account:password_changed",
    ):
        assert {entry.actor for entry in entries(runtime, event)} == {"operator"}, event


def test_freezing_the_links_is_counted(terminal: Terminal, runtime: Runtime, giver: str) -> None:
    gift(runtime)
    assert "1 of its links are frozen" in terminal.done(
        "accounts", "suspend", giver, "--reason", "x", "--freeze-links"
    )


def test_a_password_comes_from_standard_input_too(terminal: Terminal) -> None:
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    terminal.done(
        "accounts", "add", "a@example.com", "--name", "A", "--role", "auditor", "--password-file", "-"
    )


def test_accounts_that_cannot_be_are_told_in_one_line(terminal: Terminal, giver: str) -> None:
    path = str(terminal.var.parent / "password")
    common = ("accounts", "add", "x@example.com", "--name", "X", "--password-file")
    assert "a subscriber wants a plan" in terminal.fault(2, *common, path)
    assert "plan 'gold' is not in the policy; it has standard, premium" in terminal.fault(
        2, *common, path, "--plan", "gold"
    )
    assert "has an account already" in terminal.fault(
        2, "accounts", "add", giver, "--name", "X", "--plan", "standard", "--password-file", path
    )
    assert "absent: No such file or directory" in terminal.fault(2, *common, "/absent", "--plan", "standard")
    add(terminal, "ada@example.com", "--role", "admin")
    assert terminal.fault(2, "accounts", "plan", "ada@example.com", "standard") == (
        "role admin has no plan; only a subscriber has one"
    )
    assert "nobody@example.com: no such account" in terminal.fault(
        1, "accounts", "plan", "nobody@example.com", "premium"
    )


UNREADABLE, ENDLESS = "\udcff", "9" * 25
LATIN, REASON = "latin-1", ("--reason", "x")


@pytest.mark.parametrize(
    "words",
    [
        ("accounts", "list", "--like", UNREADABLE),
        (
            "accounts",
            "add",
            "a@example.com",
            "--name",
            UNREADABLE,
            "--role",
            "admin",
            "--password-file",
            "password",
        ),
        ("accounts", "add", "a@example.com", "--name", "A", "--role", "admin", "--password-file", LATIN),
        ("accounts", "password", "sam@example.com", "--password-file", LATIN),
        ("accounts", "password", UNREADABLE, "--password-file", "password"),
        ("accounts", "plan", "sam@example.com", UNREADABLE),
        ("accounts", "suspend", UNREADABLE, *REASON),
        ("accounts", "suspend", "sam@example.com", "--reason", "x" + UNREADABLE),
        ("accounts", "sign-out", UNREADABLE),
        ("articles", "import", LATIN + ".md"),
        ("audit", "prove", "--entry", ENDLESS, "--to", "proof"),
        ("audit", "verify", LATIN),
        ("gifts", "revoke", "--article", UNREADABLE, *REASON),
        ("gifts", "revoke", "--account", UNREADABLE, *REASON),
        ("keys", "retire", UNREADABLE),
        ("people", "export", UNREADABLE, "--to", "file"),
        ("people", "export", f"account:{ENDLESS}", "--to", "file"),
        ("people", "export", f"account:{'9' * 5001}", "--to", "file"),
        ("policy", "check", LATIN),
        ("policy", "propose", LATIN, "--at", "now"),
        ("policy", "propose", str(POLICY), "--at", UNREADABLE),
        ("policy", "show", ENDLESS),
        ("restore", LATIN),
        ("tokens", "add", "sam@example.com", "--name", UNREADABLE),
        ("tokens", "revoke", ENDLESS),
    ],
    ids=lambda words: ascii(" ".join(words))[:60],
)
def test_what_no_command_can_take_ends_in_no_traceback(
    terminal: Terminal, giver: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert giver
    monkeypatch.chdir(terminal.var.parent)
    for name in (LATIN, LATIN + ".md"):
        Path(name).write_bytes(b"ein langes Kennwort, \xfcberall")
    said = terminal.type(*words)
    assert said.status in {1, 2}, said
    assert (said.err or said.out).count("\n") in {1, 2}, said
    assert "Kennwort" not in said.err


def test_a_password_on_standard_input_that_is_not_utf_8_is_told(terminal: Terminal) -> None:
    words = ("accounts", "add", "a@example.com", "--name", "A", "--role", "auditor", "--password-file", "-")
    for errors in ("strict", "surrogateescape"):
        given = io.TextIOWrapper(io.BytesIO(b"ein langes Kennwort, \xfcberall\n"), "utf-8", errors)
        terminal.monkeypatch.setattr("sys.stdin", given)
        assert terminal.fault(2, *words) == "-: the password is not UTF-8 text"


def test_a_token_is_shown_once_and_revoked(terminal: Terminal, giver: str) -> None:
    secret = terminal.done("tokens", "add", giver, "--name", "website").strip()
    assert re.fullmatch(r"gw_[A-Za-z0-9_-]{43}", secret)
    assert terminal.done("tokens", "list") == "     1  account 1  website  gifts:read gifts:write\n"
    assert terminal.done("tokens", "revoke", "1") == "token 1 is revoked\n"
    assert terminal.done("tokens", "list").endswith("revoked\n")
    assert "1: no such living token" in terminal.fault(1, "tokens", "revoke", "1")


@pytest.mark.parametrize("name", ["", " ", "\u200b", "n" * 101])
def test_a_tokens_name_is_seen_and_fits_its_column(terminal: Terminal, giver: str, name: str) -> None:
    told = terminal.fault(2, "tokens", "add", giver, "--name", name)
    assert told.endswith(" characters; want 1 to 100, not all blank")
    terminal.done("tokens", "add", giver, "--name", "n" * 100)


# --- Gifts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["--article", "--account", "--all"])
def test_gifts_are_previewed_then_withdrawn(
    terminal: Terminal, runtime: Runtime, giver: str, which: str
) -> None:
    issued = [gift(runtime) for _ in range(3)]
    wanted = {
        "--article": ["--article", slug_of(runtime).slug],
        "--account": ["--account", giver],
        "--all": ["--all"],
    }[which]
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = terminal.type("gifts", "revoke", *wanted, "--reason", "withdrawn by the agency")
    assert said.status == 1
    assert said.out.startswith(
        f"to be withdrawn: 3 gifts: {', '.join(each.gift.reference for each in issued)}\n"
    )
    assert entries(runtime, "gift:revoked") == []
    told = terminal.done("gifts", "revoke", *wanted, "--reason", "withdrawn by the agency", "--yes")
    assert told.endswith("withdrawn: 3 gifts; given back: 3 credits\n")
    assert {(entry.actor, entry.detail) for entry in entries(runtime, "gift:revoked")} == {
        ("operator", '{"account":1,"because":"withdrawn by the agency"}')
    }
    assert (
        terminal.done("gifts", "revoke", *wanted, "--reason", "again", "--yes")
        == "there is no living gift to withdraw\n"
    )


def test_which_gifts_must_be_said_and_why(terminal: Terminal, giver: str) -> None:
    assert "want exactly one of --article SLUG, --account EMAIL and --all" in terminal.fault(
        2, "gifts", "revoke", "--reason", "x"
    )
    assert "want exactly one" in terminal.fault(
        2, "gifts", "revoke", "--all", "--account", giver, "--reason", "x"
    )
    assert "Missing option '--reason'" in terminal.fault(2, "gifts", "revoke", "--all")
    assert "want a reason that is not blank" in terminal.fault(2, "gifts", "revoke", "--all", "--reason", " ")
    assert "absent: no such article" in terminal.fault(
        1, "gifts", "revoke", "--article", "absent", "--reason", "x"
    )


def test_what_rules_did_and_would_have_done_is_told(terminal: Terminal, runtime: Runtime) -> None:
    assert terminal.done("rules", "list") == "nobody is kept from anything\n"
    now = datetime.now(UTC)
    common = {"metric": "articles", "by_whom": "reader", "count": 25, "level": 0, "then": "block"}
    with runtime.database.transaction() as connection:
        for name, mode in (("reader-articles-hard", "enforce"), ("an-older-rule", "monitor")):
            rows = {"rule": name, "who": "reader:0102", "at": now, "until": now + timedelta(days=1)}
            firings.add_firing(connection, mode=mode, **common, **rows)
    report = terminal.done("rules", "report", "--days", "2")
    assert "reader-articles-hard  articles by reader over 24 per 1 day: block: fired once on 1, " in report
    assert "network-traps-hard  traps by network over 10 per 1 day: block, only watches: did not " in report
    assert "an-older-rule  no longer so in the policy: would have fired once on 1, lifted 0, " in report
    (line,) = terminal.done("rules", "list").splitlines()
    assert "reader:0102  block by reader-articles-hard, count 25, until " in line


@pytest.mark.usefixtures("giver")
def test_revocations_are_exported(terminal: Terminal, runtime: Runtime) -> None:
    gift(runtime)
    terminal.done("gifts", "revoke", "--all", "--reason", "x", "--yes")
    path = terminal.var / "revocations.jsonl"
    assert (
        terminal.done("gifts", "revocations", "--to", str(path)) == f"{path}: 1 revocation, 1 of them new\n"
    )


# --- Keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("giver")
def test_a_key_is_retired_when_nobody_needs_it_or_when_it_is_lost(
    terminal: Terminal, runtime: Runtime
) -> None:
    issued = gift(runtime)
    old = issued.gift.key_id
    assert "is the key that signs" in terminal.fault(2, "keys", "retire", old)
    new = terminal.done("keys", "rotate").split()[1]
    assert (
        terminal.done("keys", "list")
        == f"{old}         1 living links\n{new}         0 living links  signs\n"
    )
    told = terminal.fault(1, "keys", "retire", old)
    until = issued.gift.expires_at.isoformat(timespec="seconds")
    assert (
        told == f"1 living links need key {old}, the last of them until {until}; --compromised drops it now"
    )
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert terminal.type("keys", "retire", old, "--compromised").status == 1
    assert old in terminal.done("keys", "list")
    terminal.done("keys", "retire", old, "--compromised", "--yes")
    assert old not in terminal.done("keys", "list")
    assert [entry.actor for entry in entries(runtime, "key:retired")] == ["operator"]


# --- Backup ---------------------------------------------------------------------------------------------------------


def test_a_backup_is_made_restored_and_confirmed(terminal: Terminal, runtime: Runtime, giver: str) -> None:
    issued = gift(runtime)
    file = terminal.var / "backup.zip"
    assert re.fullmatch(rf"{file}: \d+ rows, \d+ bytes, as of \S+\n", terminal.done("backup", str(file)))
    exported = terminal.var / "revocations.jsonl"
    terminal.done("gifts", "revoke", "--account", giver, "--reason", "x", "--yes")
    terminal.done("gifts", "revocations", "--to", str(exported))
    assert "--replace gives them up" in terminal.fault(2, "restore", str(file))
    terminal.monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert terminal.type("restore", str(file), "--replace").status == 1
    terminal.monkeypatch.setenv("GATEWAY_REVOCATIONS", str(exported))
    told = terminal.done("restore", str(file), "--replace", "--yes")
    assert f"revoked again by {exported}: 1\n" in told
    assert told.endswith('every link stays shut until you run: gateway restore-confirm --reason "…"\n')
    assert [entry.subject for entry in entries(runtime, "gift:revoked")] == [f"gift:{issued.gift.reference}"]
    assert "the links are open again" in terminal.done("restore-confirm", "--reason", "looked at it")
    assert terminal.fault(1, "restore-confirm", "--reason", "x") == "no restore waits to be confirmed"


def test_a_backup_that_is_none_is_told_in_one_line(terminal: Terminal) -> None:
    assert terminal.fault(2, "restore", str(POLICY)) == f"{POLICY}: is damaged, or no backup"
    assert (
        terminal.fault(2, "restore", "/absent.zip")
        == "/absent.zip: cannot be read (No such file or directory)"
    )
    assert "cannot be written" in terminal.fault(2, "backup", "/absent/backup.zip")


# --- Jobs, settings, faults -----------------------------------------------------------------------------------------


def test_the_jobs_are_done_once_unless_another_does_them(terminal: Terminal, runtime: Runtime) -> None:
    said = terminal.done("jobs", "run", "--once")
    assert "forget openers: 0\n" in said
    assert "replay under another policy: 0\n" in said
    assert said.endswith("every job was done once\n")
    until = datetime.now(UTC) + timedelta(minutes=1)
    with runtime.database.transaction() as connection:
        connection.execute(
            text("INSERT INTO lease (name, holder, until) VALUES ('jobs', 'other', :until)"),
            {"until": until if runtime.database.dialect == "postgresql" else until.replace(tzinfo=None)},
        )
    assert terminal.fault(1, "jobs", "run", "--once") == "another process does the jobs just now"


def test_the_settings_say_where_they_come_from_and_no_secret(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('threads = 3\nlog_level = "debug"\n')
    (tmp_path / "limits").write_text("redis://gw:hush@cache.example:6380/1?password=hush\n")
    terminal.monkeypatch.setenv("GATEWAY_SETTINGS", str(tmp_path / "settings.toml"))
    terminal.monkeypatch.setenv("GATEWAY_LIMITS_URL_FILE", str(tmp_path / "limits"))
    terminal.monkeypatch.setenv("GATEWAY_LOG_LEVEL", "error")
    told = terminal.done("settings")
    assert "hush" not in told
    assert "GATEWAY_LIMITS_URL = redis://…@cache.example:6380/1?…\n" in told
    assert re.search(r"GATEWAY_THREADS = 3\n .*Set by: the file \S+settings\.toml\.\n", told)
    assert re.search(r"GATEWAY_LOG_LEVEL = error\n .*Set by: the environment\.\n", told)
    assert re.search(r"GATEWAY_PROXIES = 0\n .*Set by: nobody; this is the default\.\n", told)


def test_a_wrong_setting_is_named(terminal: Terminal) -> None:
    terminal.monkeypatch.setenv("GATEWAY_THREADS", "many")
    assert terminal.fault(2, "keys", "list").startswith("GATEWAY_THREADS: got 'many'")


def test_a_database_that_is_away_is_told_in_one_line(terminal: Terminal) -> None:
    terminal.monkeypatch.setenv("GATEWAY_DATABASE_URL", "sqlite:////absent/gateway.db")
    assert terminal.fault(2, "keys", "list") == "the database cannot be read: unable to open database file"
    assert terminal.fault(2, "db", "upgrade") == "the database cannot be used: unable to open database file"


def test_a_fault_of_the_code_is_no_line_but_a_traceback(terminal: Terminal) -> None:
    def fail(*_about: object) -> None:
        raise KeyError("a bug")

    terminal.monkeypatch.setattr("gateway.cli.keys.list_keys", fail)
    with pytest.raises(KeyError):
        terminal.type("keys", "list")


def test_a_foreign_database_is_left_alone(terminal: Terminal, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'foreign.db'}"
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE holiday (day DATE)"))
    engine.dispose()
    terminal.monkeypatch.setenv("GATEWAY_DATABASE_URL", address)
    assert "tables that are not the gateway's (holiday)" in terminal.fault(2, "db", "upgrade")


def test_a_policy_is_simulated_on_what_happened(
    terminal: Terminal, runtime: Runtime, giver: str, tmp_path: Path
) -> None:
    assert giver
    for _ in range(3):
        gift(runtime)
    two = tmp_path / "two.toml"
    two.write_text(POLICY.read_text("utf-8").replace("gifts = 10\n", "gifts = 2\n"))
    table = terminal.done("policy", "simulate", str(two), "--days", "1")
    assert table.startswith(f"{two} against version 1, from ")
    assert re.search(r"given for a credit +3 +2 +-1\n", table)
    assert re.search(r"quota:spent +0 +1 +\+1\n", table)
    assert "1 gifts of 1 subscriber that are given would be refused." in table
    assert "The replay of version 1 decides 3 of 3 acts as they were decided" in table
    found = json.loads(terminal.done("policy", "simulate", str(two), "--json"))
    assert (found["decided_as_then"], found["compared_with_what_happened"]) == (3, 3)
    changed = [each for each in found["outcomes"] if each["in_force"] != each["candidate"]]
    assert changed == [{"kind": "gift", "in_force": "done", "candidate": "quota:spent", "acts": 1}]
    assert "No act would have been decided otherwise." in terminal.done("policy", "simulate", str(POLICY))
    assert terminal.done("policy", "versions").count("\n") == 1
    bad = tmp_path / "bad.toml"
    bad.write_text("gifts =")
    assert "bad.toml:1" in terminal.fault(2, "policy", "simulate", str(bad))
