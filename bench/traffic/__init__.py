"""Labelled visitors against the gateway in process, on a clock of the bench's own: days in minutes, the same for a seed."""
