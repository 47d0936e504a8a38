"""One client a service."""
