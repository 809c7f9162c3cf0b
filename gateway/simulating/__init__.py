"""What a policy would have done: real acts replayed under it and under the one in force, one after the other.

Both replays run the very code that decides real acts (`sharing.charging`, `reading.claiming`, `enforcing.judge` and
what stands below them) on two empty databases, so that they differ by the policies alone.
"""
