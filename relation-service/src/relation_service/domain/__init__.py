"""Who follows whom, and the rules of it."""
