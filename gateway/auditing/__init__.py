"""What an admin and an auditor do: see it, and — the admin — act on it, with a reason."""
