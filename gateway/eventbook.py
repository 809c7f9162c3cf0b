"""What every event of the log means: who does it, to what, and what is written beside it; docs/events.md is made of this."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.ledger import Event

ANYBODY = "account, operator"
READER = "reader, account"
ADMIN = "admin, operator"
GATEWAY = "gateway"
GIFT, ACCOUNT, ARTICLE = "gift:REFERENCE", "account:NUMBER", "article:NUMBER"
LICENCE = "licence:NUMBER"
CASE = "case:NUMBER"
# A reader or a network that was looked for.
SOUGHT = "sought_actor, sought_subject"
PROPOSAL, VERSION, SIMULATION = "proposal:NUMBER", "policy:NUMBER", "simulation:NUMBER"
# Whom or what a rule counts; a reader or a network stands beside the entry.
COUNTED = "reader, network, gift:REFERENCE, account:NUMBER, article:NUMBER"


@dataclass(frozen=True, slots=True)
class About:
    """One event: its meaning, who acts, what it is about, the fields of its detail, and what `stands` beside more than these."""

    meaning: str
    actor: str
    subject: str
    fields: str = ""
    stands: str = ""

    @property
    def beside(self) -> tuple[str, ...]:
        """What of a person stands beside the entry: the device that acts, the subject where it is personal, and more."""
        found = [
            word for word, where in (("device", self.actor), ("subject", self.subject)) if "reader" in where
        ]
        return (*found, *filter(None, self.stands.split(", ")))


BOOK: Mapping[Event, About] = MappingProxyType(
    {
        Event.GIFT_ISSUED: About(
            "A gift link was made, or an open one handed out again.",
            "account",
            GIFT,
            "account, article, used, limit, period",
        ),
        Event.GIFT_HANDED_BACK: About(
            "An open gift was handed back free.", "account", GIFT, "account, article"
        ),
        Event.GIFT_REFUSED: About(
            "A gift was not made.",
            "account",
            ACCOUNT,
            "article, plan, limit, length, zone, rule, until, because",
        ),
        Event.GIFT_REVOKED: About(
            "A gift was withdrawn for good.", ANYBODY, GIFT, "account, because, replayed"
        ),
        Event.GIFT_FROZEN: About(
            "A gift was shut until it is thawed.", "admin, gateway", GIFT, "account, because, rule"
        ),
        Event.GIFT_THAWED: About("A frozen gift was opened again.", ADMIN, GIFT, "account, because, rule"),
        Event.GIFT_LINK_RENEWED: About("A link whose key was retired got a new one.", "account", GIFT, "key"),
        Event.GIFT_RELABELLED: About("The giver's own label of a gift was changed.", "account", GIFT),
        Event.GIFT_NOTE_REPORTED: About("A reader reported a giver's note.", READER, GIFT),
        Event.GIFT_REPLACED: About(
            "A link that spread was replaced free.", "admin", GIFT, "by, account, because"
        ),
        Event.GIFT_DISPUTED: About(
            "A giver said that a link's spreading was not their doing.", "account", GIFT, "ground, rule"
        ),
        Event.DISPUTE_REFUSED: About(
            "What a giver said about a link was not taken.", "account", GIFT, "length, limit"
        ),
        Event.CREDIT_RETURNED: About("A credit came back.", ANYBODY, ACCOUNT, "gift, period"),
        Event.CREDITS_GRANTED: About(
            "An admin gave extra credits.", "admin", ACCOUNT, "credits, granted, period, because"
        ),
        Event.CREDITS_TAKEN_BACK: About(
            "An admin took extra credits back that were not spent.",
            "admin",
            ACCOUNT,
            "credits, granted, period, because",
        ),
        Event.CLAIM_MADE: About("A device took a gift up.", READER, GIFT),
        Event.CLAIM_REFUSED: About(
            "A gift was not taken up.", READER, GIFT, "rule, unconfirmed, readers, because, until"
        ),
        Event.CLAIM_UNDONE: About("A claim of a browser that kept no cookie was undone.", READER, GIFT),
        Event.READING_SERVED: About("A text went out to a device for the first time.", READER, GIFT),
        Event.READING_REFUSED: About(
            "A device or an account was not given the text.",
            READER,
            f"{GIFT}, {ARTICLE}",
            "rule, readers, because, limit",
        ),
        Event.READING_CONFIRMED: About("A person read, so the reading counts.", READER, GIFT),
        Event.CONFIRM_REFUSED: About("A reading was not counted.", READER, GIFT),
        Event.READING_MOVED: About("A reading went on in another browser.", READER, GIFT),
        Event.MOVE_REFUSED: About("A reading did not move to another browser.", READER, GIFT),
        Event.READING_GIVEN_BACK: About(
            "A reading that was counted wrongly counts no longer.",
            "account",
            GIFT,
            "account, readings, claim, because",
        ),
        Event.GIVE_BACK_REFUSED: About("No reading was given back.", "account", GIFT),
        Event.OPENERS_FORGOTTEN: About(
            "Who opened an ended gift was forgotten, with its label and note.",
            GATEWAY,
            GIFT,
            "claims, label, note",
        ),
        Event.DEVICE_FORGOTTEN: About(
            "A device was forgotten on its person's wish.", READER, "device", "rows"
        ),
        Event.RETENTION_APPLIED: About(
            "What was kept for as long as the policy says was dropped; the numbers say how many rows.",
            GATEWAY,
            "gateway",
            "deliveries, arrivals, copies, seen, clicks, minutes, salts, firings, requests, cases, repeats",
        ),
        Event.COPYING_CLOSED: About(
            "A reader copied more of an article than a day allows, so its text closed to them.",
            READER,
            f"{GIFT}, {ARTICLE}",
            "article, total",
        ),
        Event.LICENCE_ASKED: About("Somebody asked for a licence.", READER, LICENCE, "purpose, characters"),
        Event.LICENCE_MAILED: About(
            "A request for a licence was taken by the mail server.", GATEWAY, LICENCE
        ),
        Event.LICENCE_STATE_CHANGED: About(
            "A request for a licence was moved on.", "admin", LICENCE, "from, to, because"
        ),
        Event.SUBSCRIBE_CLICKED: About(
            "A reader went from a gift or an article on to what a subscription offers.",
            READER,
            f"{GIFT}, {ARTICLE}",
            "from, section",
        ),
        Event.ACCOUNT_ADDED: About("An account was made.", ADMIN, ACCOUNT, "role, plan"),
        Event.ACCOUNT_PLAN_CHANGED: About(
            "An account was moved to another plan.", ADMIN, ACCOUNT, "from, to"
        ),
        Event.ACCOUNT_PASSWORD_CHANGED: About("A password was changed.", ANYBODY, ACCOUNT),
        Event.ACCOUNT_SUSPENDED: About("An account may give no more.", ADMIN, ACCOUNT, "because, frozen"),
        Event.ACCOUNT_UNSUSPENDED: About("An account may give again.", ADMIN, ACCOUNT, "because, thawed"),
        Event.ACCOUNT_ACT_REFUSED: About(
            "An act was not permitted: `act` is the event that it would have been, `desk` for coming in there, or `form` for a form from elsewhere; the subject is what it was on.",
            "account",
            f"{COUNTED}, {CASE}, {LICENCE}, {PROPOSAL}, {VERSION}, {SIMULATION}, gateway",
            "act, role, scope, limit, length, readers, simulation",
        ),
        Event.SIGNED_IN: About("A person signed in.", "account", ACCOUNT),
        Event.SIGN_IN_REFUSED: About("A sign-in failed.", "account", ACCOUNT),
        Event.SIGNED_OUT: About("A person signed out.", "account", ACCOUNT),
        Event.SESSIONS_ENDED: About(
            "An account was signed out everywhere.", ANYBODY, ACCOUNT, "sessions, because"
        ),
        Event.EVERYONE_SIGNED_OUT: About(
            "Everybody was signed out everywhere.", ADMIN, "gateway", "sessions, because"
        ),
        Event.TOKEN_ADDED: About("A server's token was made.", ADMIN, ACCOUNT, "token, scopes"),
        Event.TOKEN_REVOKED: About("A server's token was revoked.", ADMIN, "token:NUMBER"),
        Event.ARTICLE_ADDED: About("An article came in.", ADMIN, ARTICLE, "source_version"),
        Event.ARTICLE_CHANGED: About("An article's text was changed.", ADMIN, ARTICLE, "source_version"),
        Event.ARTICLE_RIGHTS_CHANGED: About(
            "What an article allows was changed.",
            ADMIN,
            ARTICLE,
            "source_version, giftable, withdrawn, because",
        ),
        Event.RULE_FIRED: About("A bulk rule acted.", GATEWAY, COUNTED, "rule, then, count"),
        Event.RULE_WATCHED: About("A bulk rule would have acted.", GATEWAY, COUNTED, "rule, then, count"),
        Event.RULE_LIFTED: About("An admin lifted what a rule did.", "admin", COUNTED, "rule, because"),
        Event.CASE_OPENED: About(
            "Something came into the queue that wants a person.",
            "gateway, reader, account",
            CASE,
            "kind, about, origin",
        ),
        Event.CASE_ADDED_TO: About(
            "More evidence came to a case that is open.", "gateway, reader, account", CASE, "origin"
        ),
        Event.CASE_TAKEN: About("An admin took a case.", "admin", CASE),
        Event.CASE_HANDED_OVER: About("A case was handed to another admin.", "admin", CASE, "from, to"),
        Event.CASE_GIVEN_BACK: About("An admin put a case back into the queue.", "admin", CASE),
        Event.CASE_CLOSED: About("A case was closed.", "admin", CASE, "because"),
        Event.CASE_REOPENED: About("A closed case was opened again.", "admin", CASE, "because"),
        Event.POLICY_ADOPTED: About("The first policy came into force.", "operator", VERSION, "name, digest"),
        Event.POLICY_PROPOSED: About(
            "A policy was put to the other admins.", "admin", PROPOSAL, "digest, base, at, because"
        ),
        Event.POLICY_APPROVED: About(
            "Another admin approved a proposed policy.", "admin", PROPOSAL, "digest, version, because"
        ),
        Event.POLICY_REJECTED: About(
            "Another admin rejected a proposed policy.", "admin", PROPOSAL, "because"
        ),
        Event.POLICY_WITHDRAWN: About(
            "A proposed policy, or a version that did not apply yet, was withdrawn.",
            "admin",
            f"{PROPOSAL}, {VERSION}",
            "because",
        ),
        Event.POLICY_SCHEDULED: About(
            "A version of the policy was set to come into force; `alone` after a delay instead of an approval.",
            ADMIN,
            VERSION,
            "digest, at, alone",
        ),
        Event.SIMULATION_ASKED: About(
            "An admin asked what a policy would have done to the last days' acts.",
            "admin",
            SIMULATION,
            "digest, days",
        ),
        Event.SIMULATION_ENDED: About(
            "A replay that an admin asked for was done, failed, was given up or was stopped; once done with the version it was compared with.",
            "gateway, admin",
            SIMULATION,
            "digest, days, state, base, entries",
        ),
        Event.KEY_ADDED: About("A key that signs links was added.", "operator", "key:ID"),
        Event.KEY_RETIRED: About(
            "A key that signed links was dropped.", "operator", "key:ID", "compromised, links"
        ),
        Event.LOG_BEGUN: About(
            "A log of this name begins, over the first entries of the one before.",
            "gateway, operator",
            "log",
            "origin, kept, because, before, before_size, before_root",
        ),
        Event.LOG_HEARTBEAT: About("Nothing happened for a minute.", GATEWAY, "log"),
        Event.LOG_STOPPED: About(
            "The log is not as it was left; it is sealed no further.", GATEWAY, "log", "origin, because"
        ),
        Event.LOG_EXPORTED: About(
            "The log was written to a file.", "operator", "log", "entries, origin, personal"
        ),
        Event.LOG_READ: About(
            "Somebody looked at entries at the desk; what is a person's in the filter stands beside.",
            "account",
            "log",
            "view, filter",
            SOUGHT,
        ),
        Event.EXPORT_BEGUN: About(
            "Somebody began to take a filtered view of the desk as a file.",
            "account",
            "log, gifts, accounts",
            "filter, form",
            f"{SOUGHT}, sought_text",
        ),
        Event.EXPORT_ENDED: About(
            "A view was handed out as a file, whole or until the line broke; its digest is that of the rows' file.",
            "account",
            "log, gifts, accounts",
            "filter, form, rows, whole, sha256",
            f"{SOUGHT}, sought_text",
        ),
        Event.LOG_MONTH_ARCHIVED: About(
            "A month of the log was put away into a file, and its entries were dropped here.",
            "operator, gateway",
            "log",
            "month, entries, first, stop, file, sha256",
        ),
        Event.SEAL_KEY_ADDED: About("A key that signs checkpoints was added.", "operator", "log", "key"),
        Event.SEAL_KEY_RETIRED: About("A key signs checkpoints no more.", "operator", "log", "key"),
        Event.PERSON_EXPORTED: About(
            "A person was told what is kept of them.", "operator", "account:NUMBER, reader", "rows"
        ),
        Event.PERSON_ERASED: About(
            "A person's data were erased.", "operator", "account:NUMBER, reader", "rows, because"
        ),
        Event.BACKUP_MADE: About("A backup was written.", "operator", "gateway", "rows, bytes"),
        Event.BACKUP_RESTORED: About(
            "A backup was loaded.", "operator", "gateway", "made_at, rows, revocations"
        ),
        Event.RESTORE_CONFIRMED: About(
            "The links were opened after a restore.", ADMIN, "gateway", "restores, because"
        ),
    }
)


def table() -> str:
    """Write the table of docs/events.md."""
    rows = ["| event | meaning | actor | subject | fields | stands beside |", "|---|---|---|---|---|---|"]
    for event, about in BOOK.items():
        cells = (
            f"`{event.value}`",
            about.meaning,
            about.actor,
            about.subject,
            about.fields or "–",
            ", ".join(about.beside) or "–",
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
