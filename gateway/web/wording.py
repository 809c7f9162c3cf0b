"""What a page says about each refusal: a headline, a sentence, since or until when, and the way forward."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.decision import Reason
from gateway.licence import Purpose
from gateway.web.speech import Lazy
from gateway.web.speech import Lazy as _


class Way(StrEnum):
    """A way forward that a page can offer as a link."""

    ARTICLE = "article"
    FRONT = "front"
    GIFT = "gift"
    GIFTS = "gifts"
    LICENCE = "licence"
    RETRY = "retry"
    SIGN_IN = "sign_in"
    SUBSCRIBE = "subscribe"
    WRITE = "write"


SINCE: Final = _("Since %(moment)s.")
UNTIL: Final = _("Until %(moment)s.")


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of one refusal; `since` and `until` are sentences with a place for `%(moment)s`."""

    title: Lazy
    text: Lazy
    next: Lazy
    ways: tuple[Way, ...] = ()
    since: Lazy = SINCE
    until: Lazy = UNTIL
    brief: Lazy | None = None  # For lists, where the title would be too long.


_ASK_AGAIN: Final = _(
    "Open the link again from the message it came in, or ask the person who sent it for a new one."
)
_ASK_OR_SUBSCRIBE: Final = _("Ask the person who gave it to you for a new link, or subscribe and read on.")
_TRY_AGAIN: Final = _("Go back, load the page again and repeat what you did.")
_WRITE: Final = _("If you think that this is a mistake, write to us; a person will answer.")
_READER: Final = (Way.SUBSCRIBE, Way.FRONT)

WORDINGS: Final[Mapping[Reason, Wording]] = {
    Reason.QUOTA_SPENT: Wording(
        _("All gifts of this month are given"),
        _(
            "You have used every gift credit that your subscription has for this calendar month. Nothing was taken."
        ),
        _("Links you have already made keep working, and the link for subscribers is always free of charge."),
        (Way.GIFTS, Way.LICENCE),
        until=_("New credits arrive on %(moment)s."),
    ),
    Reason.ARTICLE_UNKNOWN: Wording(
        _("We have no such article"),
        _("The address may be misspelt, or the article has moved."),
        _("The front page lists what can be read now."),
        (Way.FRONT,),
    ),
    Reason.ARTICLE_FREE: Wording(
        _("This article is free"),
        _("Everybody may read it, so it needs no gift and costs no credit."),
        _("Share its own address as often as you like."),
        (Way.ARTICLE,),
        brief=_("now free"),
    ),
    Reason.ARTICLE_NOT_GIFTABLE: Wording(
        _("This article may not be given"),
        _("Its text belongs in part to somebody else, who has not allowed us to let it travel as a gift."),
        _(
            "You can share its address with other subscribers free of charge, or ask the licensing desk for rights."
        ),
        (Way.ARTICLE, Way.LICENCE),
        brief=_("may not be given"),
    ),
    Reason.ARTICLE_EMBARGOED: Wording(
        _("This article is not published yet"),
        _("It is under an embargo, and nobody may read it before the embargo ends."),
        _("Come back then; the same address and the same link will work."),
        (Way.FRONT,),
        until=_("The embargo ends on %(moment)s."),
        brief=_("embargoed"),
    ),
    Reason.ARTICLE_EXPIRED: Wording(
        _("This article is no longer available"),
        _("Our right to show it was limited in time and has ended."),
        _("The front page lists what can be read now."),
        (Way.FRONT,),
        since=_("It ended on %(moment)s."),
        brief=_("article expired"),
    ),
    Reason.ARTICLE_WITHDRAWN: Wording(
        _("This article was withdrawn"),
        _("We have taken it back, so neither subscribers nor gift links open it any more."),
        _(
            "A giver whose link was never read has the credit back. The front page lists what can be read now."
        ),
        (Way.FRONT,),
        since=_("It was withdrawn on %(moment)s."),
        brief=_("article withdrawn"),
    ),
    Reason.ACCOUNT_UNKNOWN: Wording(
        _("There is no such account"),
        _("The account may have been removed, or its number was mistyped."),
        _("Look it up by name or e-mail address in the list of accounts."),
        (Way.FRONT,),
    ),
    Reason.ACCOUNT_SUSPENDED: Wording(
        _("Your account is suspended"),
        _("You can make no new gift links for now. We have not changed your subscription."),
        _WRITE,
        (Way.WRITE, Way.GIFTS),
        since=_("It was suspended on %(moment)s."),
        until=_("The suspension ends on %(moment)s."),
    ),
    Reason.ACCOUNT_WITHOUT_PLAN: Wording(
        _("Your account has no gifts"),
        _("Gift links belong to a subscription, and this account has none."),
        _("With a subscription you can give articles every month."),
        (Way.SUBSCRIBE, Way.FRONT),
    ),
    Reason.ACCOUNT_PLAN_DROPPED: Wording(
        _("Your plan has no gifts at present"),
        _(
            "The terms in force do not name your plan. Your subscription, and the links you gave before, are as they were."
        ),
        _("Please write to us; we can move your subscription to a plan with gifts."),
        (Way.WRITE, Way.FRONT),
    ),
    Reason.ACCOUNT_OWN: Wording(
        _("This is your own"),
        _("Nobody acts at the desk on an account or a gift of their own. Nothing was changed."),
        _("Ask another admin to do it."),
    ),
    Reason.ACT_UNCONFIRMED: Wording(
        _("It was not confirmed"),
        _("This cannot be undone, so the form has a box to tick. Nothing was changed."),
        _("Tick the box and send the form again."),
    ),
    Reason.ACT_ALREADY: Wording(
        _("It is so already"),
        _("The form was sent twice, or somebody was quicker. Nothing was changed now."),
        _("Look at the page as it stands: the log has who did it, and when."),
    ),
    Reason.ACCOUNT_SIGNED_OUT: Wording(
        _("Please sign in"),
        _("This page belongs to an account, and nobody is signed in here."),
        _("Sign in and you come straight back to it."),
        (Way.SIGN_IN, Way.SUBSCRIBE),
    ),
    Reason.ACCOUNT_FORBIDDEN: Wording(
        _("This page is not for your account"),
        _("You are signed in, but your account's role does not include what you asked for."),
        _("Ask an admin for the role, or sign in with another account."),
        (Way.FRONT,),
    ),
    Reason.SIGN_IN_FAILED: Wording(
        _("That did not match"),
        _("The e-mail address and the password do not belong together."),
        _("Check both and try again; capital letters count in the password."),
    ),
    Reason.SIGN_IN_TOO_FAST: Wording(
        _("Too many attempts"),
        _("There were too many attempts to sign in from here, so we ask you to wait."),
        _("Wait until then and try again. Nobody else's account is affected."),
        until=_("You can try again from %(moment)s."),
    ),
    Reason.GIFT_UNKNOWN: Wording(
        _("This is not one of our links"),
        _("The address may have been cut short or changed on its way to you."),
        _ASK_AGAIN,
        _READER,
    ),
    Reason.GIFT_EXPIRED: Wording(
        _("This gift link has expired"),
        _("A gift link works for a limited time, and the time of this one is over."),
        _ASK_OR_SUBSCRIBE,
        _READER,
        since=_("It expired on %(moment)s."),
        brief=_("expired"),
    ),
    Reason.GIFT_REVOKED: Wording(
        _("This gift link was withdrawn"),
        _("The person who gave it, or the publisher, has closed it."),
        _ASK_OR_SUBSCRIBE,
        _READER,
        since=_("It was closed on %(moment)s."),
        brief=_("withdrawn"),
    ),
    Reason.GIFT_FROZEN: Wording(
        _("This gift link is paused"),
        _(
            "It is being checked, because it was opened unusually widely or because its giver's account is suspended."
        ),
        _("Try again later, or ask the person who gave it to you what happened."),
        _READER,
        since=_("It was paused on %(moment)s."),
        until=_("It opens again on %(moment)s."),
        brief=_("paused"),
    ),
    Reason.GIFT_READ_UP: Wording(
        _("This gift has been read by everybody it was for"),
        _("A gift link allows a fixed number of readers, and they have all read it."),
        _ASK_OR_SUBSCRIBE,
        _READER,
        since=_("The last reading began on %(moment)s."),
        brief=_("read by all"),
    ),
    Reason.GIFT_UNCONFIRMED_FULL: Wording(
        _("This link was opened too often without being read"),
        _("Previews and mail scanners have used up its openings. Its readings are untouched."),
        _(
            "Allow script in your browser, open the link again and press the button; or ask the giver for a new link."
        ),
        (Way.RETRY, Way.SUBSCRIBE),
        brief=_("opened too often"),
    ),
    Reason.GIFT_KEY_RETIRED: Wording(
        _("This link needs to be renewed"),
        _("For safety we have retired the key with which it was signed. The gift itself still exists."),
        _("The person who gave it can send you a fresh link, free of charge."),
        _READER,
        since=_("The key was retired on %(moment)s."),
        brief=_("needs a fresh link"),
    ),
    Reason.GIFT_STILL_OPEN: Wording(
        _("This gift is still open"),
        _("Its link still works, so there is nothing to renew. No credit was taken."),
        _("Copy the link and send it again."),
        (Way.GIFTS,),
        until=_("It works until %(moment)s."),
    ),
    Reason.GIFT_NOT_SPREAD: Wording(
        _("This link did not spread"),
        _("Only a link that a rule has paused because it spread is replaced free of charge, and only once."),
        _("To help its giver otherwise, give extra credits on the page of the account."),
    ),
    Reason.LINK_DAMAGED: Wording(
        _("That link is damaged"),
        _("It looks like a gift link of which something was lost or changed on its way."),
        _("Copy it anew from where it came, or type the gift's reference of eight characters."),
    ),
    Reason.LINK_FOREIGN: Wording(
        _("That is not a gift link of ours"),
        _(
            "We never signed it: it is forged, it was cut short or changed on its way, or another site made it."
        ),
        _(
            "Paste the whole link as it was received, or type the eight characters by which the gift is called."
        ),
    ),
    Reason.CLAIM_UNKNOWN: Wording(
        _("Your browser kept no cookie"),
        _("Without one small cookie we cannot know that the gift was opened here. Nothing was counted."),
        _("Allow cookies for this site and open the gift link again from the message."),
        (Way.RETRY, Way.SUBSCRIBE),
    ),
    Reason.CLAIM_LAPSED: Wording(
        _("This opening has lapsed"),
        _("The gift was opened here, but the article was not fetched in time, so its place was given back."),
        _("Open the gift link again from the message it came in."),
        (Way.RETRY, Way.SUBSCRIBE),
        since=_("It lapsed on %(moment)s."),
    ),
    Reason.CLAIM_TOO_SOON: Wording(
        _("One moment, please"),
        _("This link asks for a short wait before the article opens, so that machines cannot use it up."),
        _("Wait until then and press the button once more."),
        (Way.RETRY,),
        until=_("You can go on from %(moment)s."),
    ),
    Reason.CLAIM_FOREIGN: Wording(
        _("This did not come from our page"),
        _(
            "The request was sent by another site, or by a page that was open for too long. Nothing was changed."
        ),
        _("Open the gift link itself and press the button there."),
        (Way.RETRY, Way.FRONT),
    ),
    Reason.CLAIM_BY_MACHINE: Wording(
        _("The text is for people"),
        _("Your program says that it is an automatic visitor. It gets the card, but not the article."),
        _("A person can open the same link in a browser. Machines need a licence."),
        (Way.LICENCE, Way.FRONT),
    ),
    Reason.RULE_BLOCKED: Wording(
        _("This is closed for a while"),
        _(
            "More was opened from here than people usually read, so a rule against bulk copying has stepped in. Nothing was counted, and what you have open stays open."
        ),
        _(
            "If you think that this is a mistake, write to us and name the rule; a person can lift it at once."
        ),
        (Way.WRITE, Way.LICENCE, Way.FRONT),
        until=_("It opens again on %(moment)s."),
        brief=_("closed by a rule"),
    ),
    Reason.RULE_CHALLENGED: Wording(
        _("One moment, please"),
        _("Unusually much was opened from here, so we ask for a press of the button after a short wait."),
        _("Wait until then and press the button. It takes three seconds and no puzzle."),
        (Way.RETRY,),
        until=_("You can go on from %(moment)s."),
    ),
    Reason.RULE_UNKNOWN: Wording(
        _("There is no such rule"),
        _("The policy has none of this name, and none fired under this name or number."),
        _("The page on bulk rules lists what holds at this moment."),
    ),
    Reason.NETWORK_UNKNOWN: Wording(
        _("Nothing is known of this network"),
        _("It did nothing that is still kept, or the month that had this name is forgotten."),
        _("Entries show the name that a network has in their month."),
    ),
    Reason.READING_BY_MACHINE: Wording(
        _("The articles are for people"),
        _(
            "Your program says that it collects for a language model or acts for one. Text and data mining is reserved here."
        ),
        _("The licensing desk tells you on which terms a machine may read."),
        (Way.LICENCE,),
    ),
    Reason.READING_NONE: Wording(
        _("There is no reading to give back"),
        _("Nobody's reading of this gift counts at the moment. Nothing was changed."),
        _("Openings without reading use up no reading, so they need not be given back."),
        (Way.GIFTS,),
    ),
    Reason.READING_UNCOUNTED: Wording(
        _("That reading does not count"),
        _("It was given back already, or nobody confirmed it. Nothing was changed."),
        _("Choose one of those that count."),
    ),
    Reason.READING_GIVEN_BACK: Wording(
        _("A reading was already given back"),
        _("A giver can do this once for each gift. Nothing was changed."),
        _("If another reading was counted wrongly, write to us; a person can give it back."),
        (Way.GIFTS, Way.WRITE),
        since=_("It was given back on %(moment)s."),
    ),
    Reason.TRANSFER_UNKNOWN: Wording(
        _("This way over is used up"),
        _("It works once, and it was used already, replaced by a newer one, or is not one of ours."),
        _("Open the article where you read it first, and choose again to go on in another browser."),
        _READER,
    ),
    Reason.TRANSFER_EXPIRED: Wording(
        _("This way over has closed"),
        _("It is open for ten minutes, and these are over. The reading is still where it was."),
        _("Open the article where you read it first, and choose again to go on in another browser."),
        _READER,
        since=_("It closed on %(moment)s."),
    ),
    Reason.TRANSFER_TOO_OFTEN: Wording(
        _("This reading has moved often enough"),
        _("A reading can go on in another browser a few times, and this one has. You can read on here."),
        _("Elsewhere, open the gift link from the message; it counts there as another reader."),
        (Way.RETRY,),
    ),
    Reason.COPY_TOTAL: Wording(
        _("You have copied as much of this article as a day allows"),
        _(
            "What one reader copies and prints of an article is added up over 24 hours, and the sum is past what may be taken in that time. So the text is closed to you for now."
        ),
        _("To pass the article on, make a gift link; to use more of it, ask for a licence."),
        (Way.GIFT, Way.LICENCE, Way.WRITE),
        until=_("The text opens again on %(moment)s."),
    ),
    Reason.COPY_INVALID: Wording(
        _("This is no length that can be copied"),
        _("A report of a copy is a whole number of characters, and the article is not that long."),
        _TRY_AGAIN,
    ),
    Reason.COPY_REUSED: Wording(
        _("This number was reported before"),
        _("Each copy from a page has a number of its own. The first one counted; this one changed nothing."),
        _TRY_AGAIN,
    ),
    Reason.LICENCE_INVALID: Wording(
        _("Something is missing in your request"),
        _("We need to know what for, and a name and an e-mail address to answer to."),
        _("Fill in what is marked and send it again. Nothing was lost."),
    ),
    Reason.LICENCE_UNKNOWN: Wording(
        _("We have no request of that number"),
        _("The number may have been misread. It has eight letters and digits."),
        _("Ask for a licence anew, or write to us."),
        (Way.LICENCE, Way.WRITE),
    ),
    Reason.CASE_UNKNOWN: Wording(
        _("There is no such case"),
        _("The queue holds no case with this number. Closed ones are forgotten after some time."),
        _("Look at the queue of the desk."),
    ),
    Reason.CASE_TAKEN: Wording(
        _("Somebody else has this case"),
        _("Another admin took it; the page says who. Nothing was changed."),
        _("Talk to them. Whoever is away can have it handed over."),
    ),
    Reason.CASE_NOT_TAKEN: Wording(
        _("Nobody has this case"),
        _("It stands in the queue and is nobody's. Nothing was changed."),
        _("Take it first."),
    ),
    Reason.CASE_CLOSED: Wording(
        _("This case is closed"),
        _("Somebody closed it; the page says why. Nothing was changed."),
        _("Open it again, with a reason, if there is more to do."),
    ),
    Reason.CASE_NOT_CLOSED: Wording(
        _("This case is open"),
        _("It is open already. Nothing was changed."),
        _("Load the page again to see how it stands."),
    ),
    Reason.CASE_OPEN_AGAIN: Wording(
        _("Another case about the same is open"),
        _("New evidence came since this one was closed, and opened a case of its own. Nothing was changed."),
        _("Go on in that one; the queue has it."),
    ),
    Reason.CASE_FOLLOWS: Wording(
        _("This case follows its licence request"),
        _("It closes when the request is answered or closed, and opens again with it. Nothing was changed."),
        _("Move the request on; the case leads to it."),
    ),
    Reason.CASE_OWNER_UNFIT: Wording(
        _("They cannot have this case"),
        _(
            "A case goes to another admin who is not suspended, and never to somebody whom it is about. "
            "Nothing was changed."
        ),
        _("Choose somebody else from the list."),
    ),
    Reason.DISPUTE_NONE: Wording(
        _("There is nothing to object to"),
        _("No rule has paused this link, or the pause is over. Nothing was sent."),
        _("Look at the gift again, it says how it stands."),
        (Way.GIFTS,),
    ),
    Reason.DISPUTE_SENT: Wording(
        _("You told us already"),
        _("We have what you wrote about this; once is enough."),
        _("A person looks at it, and the gift's page says when they have."),
        (Way.GIFTS,),
    ),
    Reason.DISPUTE_TOO_LONG: Wording(
        _("The text is too long"),
        _("It is kept whole or not at all. Nothing was sent."),
        _("Shorten it and send it again."),
    ),
    Reason.NOTE_TOO_LONG: Wording(
        _("The note is too long"),
        _("A personal note has to fit on the gift card."),
        _("Shorten it and try again. No credit was taken."),
    ),
    Reason.NOTE_HAS_LINK: Wording(
        _("The note contains an address"),
        _("Notes are plain words; web addresses are not allowed, so that nobody can be lured elsewhere."),
        _("Take the address out and try again. No credit was taken."),
    ),
    Reason.LABEL_TOO_LONG: Wording(
        _("The label is too long"),
        _("A label is a short reminder for you of whom the link is for."),
        _("Shorten it and try again. No credit was taken."),
    ),
    Reason.POLICY_UNKNOWN: Wording(
        _("There is no such version"),
        _("No version of the policy has this number, or it applies already and can no longer be withdrawn."),
        _("The policy room lists the versions there are."),
    ),
    Reason.POLICY_INVALID: Wording(
        _("This is no policy yet"),
        _("Something in it is not as a policy wants it. Nothing was changed, and your text is still here."),
        _("Each place is named below with what it says and what it should say."),
    ),
    Reason.POLICY_TOO_LARGE: Wording(
        _("The text is too long"),
        _("A policy may have 64 KiB. Nothing was changed."),
        _("Leave long comments out and send it again."),
    ),
    Reason.POLICY_SAME: Wording(
        _("Nothing would change"),
        _("This very text applies at that time anyway."),
        _("Change it, or choose another time."),
    ),
    Reason.POLICY_INSTANT: Wording(
        _("That time is not clear"),
        _(
            "It is no date and time, or the clock shows it never or twice on that day because it is changed then."
        ),
        _("Choose another time, or say which of the two you mean."),
    ),
    Reason.POLICY_TOO_SOON: Wording(
        _("That time is over, or too near"),
        _("Every server has to know a policy a few seconds before it applies. Nothing was changed."),
        _("Choose a later time; what was proposed for a time that is over has to be proposed again."),
    ),
    Reason.POLICY_PLANS_IN_USE: Wording(
        _("Subscribers would lose their plan"),
        _("The text lacks a plan that accounts have. From then on they could give nothing."),
        _("Put the plan back, or confirm below that you mean it. Nothing was changed."),
    ),
    Reason.SIMULATION_UNKNOWN: Wording(
        _("There is no such replay"),
        _("No replay has this number, or it is so old that it was dropped."),
        _("The policy room lists the latest ones."),
    ),
    Reason.SIMULATION_OPEN: Wording(
        _("Another replay is under way"),
        _("One is done at a time, so that those who read and give notice nothing of it."),
        _("Wait until it has ended, or stop it; the policy room shows how far it is."),
    ),
    Reason.SIMULATION_ENDED: Wording(
        _("This replay has ended"),
        _("It was done, given up or stopped before."),
        _("Its page says what it came to."),
    ),
    Reason.PROPOSAL_UNKNOWN: Wording(
        _("There is no such proposal"),
        _("No proposal has this number."),
        _("The policy room lists those that wait."),
    ),
    Reason.PROPOSAL_OWN: Wording(
        _("This proposal is your own"),
        _("A policy applies only when another admin than the one who proposed it has approved it."),
        _("Ask another admin, or withdraw it. Nothing was changed."),
    ),
    Reason.PROPOSAL_OTHERS: Wording(
        _("This proposal is another admin's"),
        _("Only who proposed a policy can withdraw it; any other admin can reject it."),
        _("Reject it, or ask who proposed it to withdraw it. Nothing was changed."),
    ),
    Reason.PROPOSAL_WAITS: Wording(
        _("This is proposed already"),
        _("This very text is a proposal that nobody has decided yet."),
        _("Decide on that one in the policy room, or withdraw it before you propose the text again."),
    ),
    Reason.PROPOSAL_SETTLED: Wording(
        _("This is decided already"),
        _("Somebody approved, rejected or withdrew the proposal before. Your decision changed nothing."),
        _("The page shows who decided, and why."),
    ),
    Reason.PROPOSAL_CHANGED: Wording(
        _("This is not the text that was proposed"),
        _("What your page showed and what is proposed differ, so nothing was approved."),
        _("Look at the proposal again and decide anew."),
    ),
    Reason.PROPOSAL_OUTDATED: Wording(
        _("The policy has changed meanwhile"),
        _(
            "Another version than the one this proposal was compared with would apply before it, so approving it "
            "could undo that change unseen. Nothing was changed."
        ),
        _("Propose the text again: it is compared with the policy as it is now."),
    ),
    Reason.REASON_MISSING: Wording(
        _("A reason is missing"),
        _("Every action of the desk is logged together with its reason, so it cannot be empty."),
        _("Write in a few words why, and send the form again. Nothing was changed."),
    ),
    Reason.REASON_TOO_LONG: Wording(
        _("The reason is too long"),
        _(
            "It goes into the log whole or not at all, so that nothing of it is lost unseen. Nothing was changed."
        ),
        _("Shorten it and send the form again."),
    ),
    Reason.CREDITS_OUT_OF_RANGE: Wording(
        _("That number of credits is not allowed"),
        _("Extra credits are whole numbers within the limits of the policy."),
        _("Correct the number and send the form again. Nothing was changed."),
    ),
    Reason.CREDITS_SPENT: Wording(
        _("So many extra credits are not left"),
        _("What a subscriber has spent cannot be taken back. Nothing was changed."),
        _("Take back what is left, or nothing."),
    ),
    Reason.IDEMPOTENCY_KEY_MISSING: Wording(
        _("The form is incomplete"),
        _("It came without the key that stops one click from counting twice. No credit was taken."),
        _TRY_AGAIN,
        (Way.RETRY,),
    ),
    Reason.IDEMPOTENCY_KEY_REUSED: Wording(
        _("This form was already sent with other contents"),
        _("The first one counted; this one changed nothing."),
        _("Open the page anew to see what the first one did, and send the form from there."),
        (Way.GIFTS,),
    ),
    Reason.REQUEST_INVALID: Wording(
        _("We could not understand that"),
        _("Something in the request was missing or had an unexpected form. Nothing was changed."),
        _TRY_AGAIN,
        (Way.FRONT,),
    ),
    Reason.REQUEST_TOO_FAST: Wording(
        _("A little slower, please"),
        _("There were more requests from here than a person makes. Nothing was taken."),
        _WRITE,
        (Way.WRITE, Way.FRONT),
        until=_("You can go on from %(moment)s."),
    ),
    Reason.TOKEN_INVALID: Wording(
        _("This access token is not valid"),
        _("It is unknown, has been revoked, or was sent in the wrong form."),
        _("Make a new token and send it in the Authorization header."),
    ),
    Reason.TOKEN_SCOPE: Wording(
        _("This access token does not allow that"),
        _("Its scopes do not include what was asked for."),
        _("Use a token that has the scope."),
    ),
    Reason.GATEWAY_RESTORED: Wording(
        _("Gift links are closed for a moment"),
        _("Our records were restored from a backup, and an editor is checking them before links open again."),
        _("Nothing is lost. Try the same link again later."),
        (Way.RETRY, Way.FRONT),
        since=_("The restore happened on %(moment)s."),
        brief=_("shut after a restore"),
    ),
    Reason.DATABASE_AWAY: Wording(
        _("We cannot look that up right now"),
        _("Our database does not answer. Nothing was taken, and we show nothing from memory."),
        _("Try again in a minute; the same link will work."),
        (Way.RETRY,),
        until=_("Please try again from %(moment)s."),
    ),
}

STATUSES: Final[Mapping[int, Wording]] = {
    400: WORDINGS[Reason.REQUEST_INVALID],
    403: WORDINGS[Reason.ACCOUNT_FORBIDDEN],
    404: Wording(
        _("There is no page here"),
        _("The address may be misspelt, or the page has moved."),
        _("The front page lists what can be read now."),
        (Way.FRONT,),
    ),
    405: Wording(
        _("This cannot be done at this address"),
        _("The address exists, but not for this kind of request. Nothing was changed."),
        _(
            "Go back and use the page's own buttons; a program finds in the header Allow what the address takes."
        ),
        (Way.FRONT,),
    ),
    413: Wording(
        _("That was too much"),
        _("What was sent is larger than we accept. Nothing was changed."),
        _("Shorten it and try again."),
        (Way.FRONT,),
    ),
    415: Wording(
        _("We cannot read what was sent"),
        _("It came as a kind of data that this address does not take. Nothing was changed."),
        _("Use the page's own form; a program sends JSON with the header Content-Type: application/json."),
        (Way.FRONT,),
    ),
    429: WORDINGS[Reason.REQUEST_TOO_FAST],
    431: Wording(
        _("Your browser sent too many cookies"),
        _("We read a limited number of them. Nothing was changed."),
        _("Delete this site's cookies in your browser, and open the address again."),
        (Way.FRONT,),
    ),
    500: Wording(
        _("Something went wrong on our side"),
        _("The fault is ours and has been recorded. Whatever you were doing was not done."),
        _("Try again in a minute. If it happens again, write to us."),
        (Way.RETRY, Way.WRITE),
    ),
    503: WORDINGS[Reason.DATABASE_AWAY],
}

DONE: Final[Mapping[str, Lazy]] = {
    "revoked": _("The gift link is withdrawn. It stopped working at once."),
    "revoked_with_credit": _("The gift link is withdrawn and its credit is back."),
    "relabelled": _("The label is changed."),
    "renewed": _("A new link is made. It used one credit."),
    "given_back": _("The reading is given back. Its place is free again."),
    "fresh": _("Here is a fresh link. It cost nothing."),
    "signed_out_elsewhere": _("The other sign-in is ended."),
    "lifted": _("The rule no longer holds against them."),
    "replaced": _("The giver has a new link for the same article, free of charge."),
    "frozen": _("The gift link is paused."),
    "thawed": _("The gift link works again."),
    "suspended": _("The account is suspended."),
    "suspended_and_frozen": _("The account is suspended and its gift links are paused."),
    "unsuspended": _("The account is no longer suspended."),
    "granted": _("The extra credits are added."),
    "taken_back": _("The extra credits are taken back."),
    "signed_out": _("The account is signed out everywhere."),
    "rights_changed": _("The article's rights are changed."),
    "policy_proposed": _("The policy is proposed. Another admin has to approve it."),
    "policy_alone": _("The policy is set to apply. Until then it can be withdrawn."),
    "policy_approved": _("The policy is approved and applies from its time on."),
    "policy_rejected": _("The proposal is rejected."),
    "replay_asked": _("The replay is asked for. This page says how far it is."),
    "replay_stopped": _("The replay is stopped."),
    "policy_withdrawn": _("It is withdrawn and will not apply."),
    "licence_moved": _("The request is moved on."),
    "case_taken": _("The case is yours."),
    "case_handed_over": _("The case is handed over."),
    "case_given_back": _("The case is back in the queue for anybody to take."),
    "case_closed": _("The case is closed."),
    "case_reopened": _("The case is open again."),
    "disputed": _("Thank you. We have what you wrote, and a person will look at it."),
    "restore_confirmed": _("The restore is confirmed. Gift links work again."),
}

PURPOSES: Final[Mapping[Purpose, Lazy]] = {
    Purpose.REPRINT: _("Printing it again, in part or whole"),
    Purpose.PRESS_REVIEW: _("A press review"),
    Purpose.COMPANY: _("Copies within a company or an office"),
    Purpose.TEACHING: _("Teaching and research"),
    Purpose.WEBSITE: _("A web site, a blog or a newsletter"),
    Purpose.MACHINE: _("Use by machines, such as search or training"),
    Purpose.OTHER: _("Something else"),
}


def words_for(reason: Reason) -> Wording:
    """Return what a page says about this reason; every reason has its words."""
    return WORDINGS[reason]


def words_for_status(status: int) -> Wording:
    """Return what a page says about an HTTP error without a reason of ours; unknown ones read as 400 or 500."""
    return STATUSES.get(status, STATUSES[400 if status < 500 else 500])


def done_words(code: str = "") -> Lazy | None:
    """Return what a page says after an act, by the code in its address; None for no or an unknown code."""
    return DONE.get(code)
