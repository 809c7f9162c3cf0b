"""Who opened a gift, its label and its note are forgotten when the policy's time after its end is over."""

from datetime import timedelta

from gateway.keeping.jobs import JobsRunner
from gateway.keeping.retention import forget_counted, forget_openers
from gateway.keys import digest
from gateway.ledger import Actor, Entry, Event, Outcome, reader_actor
from gateway.reading import moving, serving
from gateway.reading.shelf import Shelf
from gateway.reading.visit import Visit
from gateway.sharing.own import own_gift, own_gifts
from gateway.sharing.revoking import revoke_gift
from gateway.store import firings
from gateway.store.entries import append_entry
from tests.house import House
from tests.sealed import SealedLog

KEPT = timedelta(days=30)
LIFE = timedelta(days=90)
PHONE = Visit(digest(b"phone"))


def kept(house: House) -> tuple[int, str, str]:
    """Tell how many claims are kept, and the first gift's label and note."""
    with house.runtime.database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT label, note, (SELECT COUNT(*) FROM claim) FROM gift ORDER BY id"
        ).first()
    assert row is not None
    return row[2], row[0], row[1]


def test_openers_label_and_note_go_when_the_time_after_the_end_is_over(house: House) -> None:
    account = house.subscriber()
    issued = house.gift(account, house.article(), label="Anna", note="For your harbour")
    house.claim(issued)
    assert isinstance(serving.read_article(house.runtime, Shelf(), "about-tide-book", PHONE), serving.Reading)
    moving.offer_transfer(house.runtime, "about-tide-book", PHONE, digest(b"secret"))
    house.clock.now = issued.gift.expires_at + KEPT - timedelta(seconds=1)
    assert forget_openers(house.runtime, house.clock.now) == 0
    assert kept(house) == (1, "Anna", "For your harbour")
    house.clock.forward(seconds=1)
    assert JobsRunner(house.runtime).take_turn()
    assert kept(house) == (0, "", "")
    assert house.value("SELECT COUNT(*) FROM transfer") == 0
    assert house.value("SELECT COUNT(*) FROM entry_person WHERE field = 'device'") == 0
    assert house.value("SELECT unconfirmed FROM gift") == 1, "the numbers stay"
    (line,) = house.entries("gift:openers_forgotten")
    assert (line.actor, line.subject) == ("gateway", f"gift:{issued.gift.reference}")
    assert line.detail == '{"claims":1,"label":1,"note":1}'


def test_a_revoked_gift_ended_when_it_was_revoked(house: House) -> None:
    issued = house.gift(house.subscriber(), house.article(), label="Anna")
    house.claim(issued)
    revoke_gift(house.runtime, Actor("account:1"), issued.gift.reference, because="test")
    house.clock.forward(days=29)
    assert forget_openers(house.runtime, house.clock.now) == 0
    house.clock.forward(days=1)
    assert forget_openers(house.runtime, house.clock.now) == 1
    assert kept(house) == (0, "", "")


def test_it_is_done_once_and_living_gifts_are_left_alone(house: House) -> None:
    account, article = house.subscriber(), house.article()
    old = house.gift(account, article, label="Old")
    house.clock.now = old.gift.expires_at
    young = house.gift(account, article, label="Young")
    house.claim(young)
    house.clock.forward(days=30)
    assert [forget_openers(house.runtime, house.clock.now) for _ in range(2)] == [1, 0]
    assert len(house.entries("gift:openers_forgotten")) == 1
    found = own_gift(house.runtime, account, young.gift.reference)
    assert not hasattr(found, "reason")
    assert [each.gift.label for each in own_gifts(house.runtime, account).gifts] == ["Young", ""]


def test_without_a_policy_nothing_is_forgotten(open_house: object, database_url: str) -> None:
    house: House = open_house(database_url, adopt=False)  # type: ignore[operator]
    assert forget_openers(house.runtime, house.clock.now) == 0


def test_what_rules_counted_goes_with_the_openers_time_and_the_log_says_so(house: House) -> None:
    gift = house.gift(house.subscriber(), house.article()).gift
    now = house.clock.now
    with house.runtime.database.transaction() as connection:
        for who, until in (("reader:00", now + timedelta(hours=1)), (f"gift:{gift.reference}", None)):
            firings.add_firing(
                connection,
                rule="r",
                metric="networks",
                by_whom="link",
                who=who,
                then="freeze",
                mode="enforce",
                count=3,
                at=now,
                until=until,
                level=0,
            )
        for _ in range(2):
            refused = Entry(
                now, reader_actor(b"d" * 32), Event.CLAIM_REFUSED, "gift:A", Outcome.DENY, "gift:frozen"
            )
            append_entry(connection, refused)
    assert len(holding(house)) == 2
    house.clock.now = now + KEPT
    assert forget_counted(house.runtime, house.clock.now) == 1, "the counter's name"
    assert house.value("SELECT actor FROM repeat") == "reader"
    house.clock.forward(hours=1)
    assert forget_counted(house.runtime, house.clock.now) == 1, "what ended by itself"
    assert holding(house) == [f"gift:{gift.reference}"], "a link is frozen as long as it lives"
    house.clock.now = gift.expires_at
    assert holding(house) == []
    assert house.value("SELECT COUNT(*) FROM firing") == 1
    house.clock.forward(days=30)
    assert JobsRunner(house.runtime).take_turn()
    assert house.value("SELECT COUNT(*) FROM firing") == 0
    said = [line.detail for line in house.entries("retention:applied")]
    assert said == ['{"firings":1,"salts":1}', '{"firings":1}', '{"repeats":1}']
    assert forget_counted(house.runtime, house.clock.now) == 0
    assert len(house.entries("retention:applied")) == 3, "nothing dropped, nothing said"


def test_what_was_forgotten_leaves_every_proof(sealed_log: SealedLog) -> None:
    house = sealed_log.house
    issued = house.gift(house.subscriber(), house.article(), label="Anna")
    house.claim(issued)
    sealed_log.sealer.beat()
    before = sealed_log.verify()
    house.clock.now = issued.gift.expires_at + KEPT
    runner = JobsRunner(house.runtime)
    assert runner.take_turn()
    assert runner.done["forget openers"] == 1
    sealed_log.sealer.beat()
    after = sealed_log.verify()
    assert (before.told, after.told) == ([], [])
    assert after.beside < before.beside


def holding(house: House) -> list[str]:
    """Name whom rules keep from something now."""
    with house.runtime.database.reading() as connection:
        return [each.who for each in firings.list_in_force(connection, house.clock.now)]
