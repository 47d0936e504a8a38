"""The dependency rule, seen from inside."""

from service_kit.testing import assert_pure


def test_the_inner_rings_import_nothing_foreign() -> None:
    assert_pure("api_gateway")
