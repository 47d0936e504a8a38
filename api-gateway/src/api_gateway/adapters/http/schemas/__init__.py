"""One schema module a resource: what comes in, and what goes out."""
