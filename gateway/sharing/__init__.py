"""What a subscriber does: give an article, follow the gift, withdraw it."""
