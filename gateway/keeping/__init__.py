"""What an operator does: set the gateway up, keep its keys, clean up behind it."""
