"""The dependency rule."""

from service_kit.testing import assert_pure


def test_domain_and_application_import_nothing_foreign() -> None:
    assert_pure("auth_service")
