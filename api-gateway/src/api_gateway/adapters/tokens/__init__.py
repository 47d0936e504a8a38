"""Access tokens, verified offline, and what revokes them."""
