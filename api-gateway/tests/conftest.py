"""Fixtures: real servers from service_kit.testing."""

pytest_plugins = ["service_kit.testing"]
