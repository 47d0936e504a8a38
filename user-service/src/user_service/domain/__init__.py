"""What a user is, and the rules of a profile."""
