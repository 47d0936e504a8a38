"""The error vocabulary and its two tables."""

import grpc
import pytest
from service_kit import errors, grpc_errors
from service_kit.errors import AppError, FieldViolation


class _Planned(errors.NotFound):
    code = "PLAN_NOT_FOUND"
    message = "plan not found"


def test_every_kind_has_a_status_and_every_status_but_ok_a_kind() -> None:
    assert set(grpc_errors.STATUS_OF) == set(errors.KINDS)
    assert set(grpc_errors.KIND_OF) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


@pytest.mark.parametrize("kind", errors.KINDS)
def test_the_status_of_a_kind_leads_back_to_the_kind(kind: type[AppError]) -> None:
    assert grpc_errors.KIND_OF[grpc_errors.STATUS_OF[kind]] is kind


def test_a_domain_error_is_of_the_kind_that_it_subclasses() -> None:
    assert errors.kind_of(_Planned()) is errors.NotFound
    assert errors.kind_of(AppError()) is errors.Internal


def test_code_and_message_come_from_the_class_unless_given() -> None:
    assert (_Planned().code, str(_Planned())) == ("PLAN_NOT_FOUND", "plan not found")
    told = _Planned("no plan 7", code="PLAN_7", violations=[FieldViolation("id", "unknown")])
    assert (told.code, told.message, told.violations[0].field) == ("PLAN_7", "no plan 7", "id")
