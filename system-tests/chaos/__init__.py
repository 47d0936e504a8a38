"""The platform under faults: every acknowledged request has its effects, once, in order."""
