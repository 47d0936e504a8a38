"""What the gateway shares with its replicas: limits, idempotency keys, tickets."""
