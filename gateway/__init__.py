"""A gateway that lets subscribers give articles away within a policy, and keeps a log of it."""
