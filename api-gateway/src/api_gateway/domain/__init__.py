"""What a client of the gateway sees, and the rules that hold whatever carries it."""
