"""Holding acts against the bulk rules of the policy, in the act's own transaction.

What a request must not wait for (links that spread, tokens that are guessed) is watched by `gateway.tally`.
"""

from gateway.enforcing.judging import judge, judge_copy, shut_out, wait_for_giver
from gateway.enforcing.watching import watch_guesses, watch_links, watch_traps
from gateway.parties import Parties

__all__ = [
    "Parties",
    "judge",
    "judge_copy",
    "shut_out",
    "wait_for_giver",
    "watch_guesses",
    "watch_links",
    "watch_traps",
]
