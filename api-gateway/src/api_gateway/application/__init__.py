"""Ports onto the services behind the gateway, and the use cases that join them."""
