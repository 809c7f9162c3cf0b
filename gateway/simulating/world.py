"""One replay: what acts come to under one policy, decided by the code that decides real ones."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.decision import Deny, Reason
from gateway.link import CONFIRM_AFTER, UNSERVED_CLAIM_LIFE, standing
from gateway.policy import Policy
from gateway.reading.claiming import ClaimAct, Press, count_reading, decide_claim
from gateway.reading.copying import CopyAct, Counted, Report, count_copy
from gateway.reading.serving import serve_account, serve_first
from gateway.reading.visit import Visit
from gateway.sharing.charging import charge, terms_at
from gateway.simulating import acts
from gateway.simulating.acts import CLOSED, CUT, DONE, FREE, NOTHING, Act, Giving, Kind, Opening, Step
from gateway.simulating.surroundings import arrive, happen, row_of
from gateway.store import gifts, readings
from gateway.store.copied import Measured, Reader
from gateway.store.readings import Claim

_INSTANT = timedelta(microseconds=1)


class World:
    """A database in which nothing happened yet but what is replayed, and the policy under which it is."""

    def __init__(self, connection: Connection, policy: Policy) -> None:
        self.connection = connection
        self.policy = policy
        self._newest = self._extra = 0

    def replay(self, act: Act) -> str:
        """Do an act; says what became of it: done, free, a refusal's reason, or one of `gateway.simulating.acts`."""
        match act:
            case Giving():
                return self._give(act)
            case Opening():
                return self._open(act)
            case Step():
                return self._step(act)
            case acts.Visit():
                return self._visit(act)
            case acts.Copy():
                return self._copy(act)
        happen(self.connection, self.policy, act)
        return ""

    def _give(self, act: Giving) -> str:
        plan = self.policy.plan_named(act.plan or "")
        if plan is None:
            return Reason.ACCOUNT_PLAN_DROPPED if act.plan else Reason.ACCOUNT_WITHOUT_PLAN
        if not act.separate and gifts.list_open_gifts(self.connection, act.account, act.article, act.at):
            return FREE
        charged = charge(self.connection, self.policy, act.account, act.article, plan.gifts, act.at)
        if isinstance(charged, Deny):
            return charged.reason
        self._add(act, charged.month.key)
        return DONE

    def _add(self, act: Giving, period: str) -> None:
        """Add the gift under the real one's number, so that what came of it finds it, else between the real ones."""
        if act.gift is not None:
            number, name = row_of(act.gift.id), act.gift.reference
            self._newest = max(self._newest, number)
        else:
            self._extra += 1
            number, name = self._newest + self._extra, f"+{self._extra:07x}"
        gifts.add_gift(
            self.connection,
            lambda: name,
            id=number,
            capability=number.to_bytes(16, "big"),
            key_id="",
            account_id=act.account,
            article_id=act.article,
            **terms_at(self.policy, act.at),
            policy_version=0,
            period=period,
            giver_shown=False,
        )

    def _open(self, act: Opening) -> str:
        gift = gifts.take_gift_by_id(self.connection, row_of(act.gift))
        if gift is None:
            return NOTHING
        visit = _visitor(act.device, act.network)
        # Three seconds are the least after which somebody who is asked for it can press the button.
        shown_at = min(act.at - CONFIRM_AFTER, (act.late or act.at) - _INSTANT)
        press = Press(shown_at, pressed=act.reads)
        claim = readings.find_claim(self.connection, gift.id, act.device)
        if claim is not None and claim.lapsed_at is None:
            return DONE
        asked = ClaimAct(self.connection, self.policy, gift, act.device, visit, press, act.at)
        answer = decide_claim(asked, standing(gift, act.at), claim)
        if isinstance(answer, Deny):
            return answer.reason
        if act.was != DONE:
            # Whoever was refused then is taken to fetch the text at once, since it is not known when they would have.
            self._serve(readings.find_claim(self.connection, gift.id, act.device), act.network, act.at)
        if act.network is not None:
            # A press may have counted at once, and the last reading turns away who comes after it.
            now = gifts.take_gift_by_id(self.connection, gift.id) or gift
            arrive(self.connection, self.policy, now, act.network, act.at)
        return DONE

    def _step(self, act: Step) -> str:
        claim = readings.find_claim(self.connection, row_of(act.gift), act.device)
        if act.kind is Kind.SERVING:
            self._renew(act, claim)
            return self._serve(claim, act.network, act.at)
        if act.kind is Kind.READING:
            return self._read(act, claim)
        if claim is not None:
            readings.undo_claim(self.connection, claim)
        return ""

    def _renew(self, act: Step, claim: Claim | None) -> None:
        """Renew a claim whose ten minutes are over: that a text went out then shows that it was claimed again.

        The log has nothing of that where nobody had taken its place.
        """
        if act.was != DONE or claim is None or claim.served_at is not None or claim.lapsed_at is not None:
            return
        if claim.confirmed_at is None and act.at - claim.claimed_at >= UNSERVED_CLAIM_LIFE:
            readings.renew_claim(self.connection, claim.id, act.at - CONFIRM_AFTER, network=act.network)

    def _serve(self, claim: Claim | None, network: bytes | None, at: datetime) -> str:
        if claim is None:
            return NOTHING
        if claim.served_at is not None:
            return DONE
        decision = serve_first(self.connection, self.policy, claim, _visitor(claim.device, network), at)
        return decision.reason if isinstance(decision, Deny) else DONE

    def _read(self, act: Step, claim: Claim | None) -> str:
        if claim is None or claim.lapsed_at is not None:
            return NOTHING
        if claim.confirmed_at is not None:
            return DONE
        gift = gifts.take_gift_by_id(self.connection, row_of(act.gift))
        if gift is None:
            return NOTHING
        # Who had to press a button then read at once; where a place was left they would have read a little later.
        at = max(act.at, claim.claimed_at + CONFIRM_AFTER)
        decision = count_reading(self.connection, gift, claim, at)
        return decision.reason if isinstance(decision, Deny) else DONE

    def _visit(self, act: acts.Visit) -> str:
        asked = (act.account, act.article)
        refusal = serve_account(self.connection, self.policy, asked, act.at, pressed=True)
        return DONE if refusal is None else refusal.reason

    def _copy(self, act: acts.Copy) -> str:
        reader = Reader(act.device, act.account)
        measured = Measured(act.article, act.length, free=False)
        visit = _visitor(act.device, act.network)
        asked = CopyAct(self.connection, reader, "", measured, self.policy, visit, act.at)
        # Of what was cut only the part that was given is known; it was longer by one character at least.
        least = max(act.characters + 1, self.policy.copying.untouched_below) if act.over else act.characters
        number = act.id.to_bytes(16, "big")
        report = Report(number, act.id, max(least, 1), act.printed)
        counted = count_copy(asked, report, act.id.to_bytes(8, "big"), act.network)
        if not isinstance(counted, Counted) or counted.until is not None:
            return CLOSED
        return CUT if not act.printed and report.characters > self.policy.copying.passage else DONE


def _visitor(device: bytes | None, network: bytes | None) -> Visit:
    return Visit(device, located=lambda: () if network is None else (network,))
