"""Live delivery: what happens in an inbox reaches every open connection of its user, in order."""
