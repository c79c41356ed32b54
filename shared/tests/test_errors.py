from __future__ import annotations

from shared.errors import Conflict, FieldError, NotFound, ServiceError, TooManyRequests, Unauthenticated


class ChefUnavailable(Conflict):
    """The chef is booked at that time.

    The rest is for programmers.
    """


class Quiet(ChefUnavailable):
    code = "hush"


def test_a_domains_error_has_its_status_code_and_message_from_its_class() -> None:
    error = ChefUnavailable()
    assert (error.status, error.code, error.message) == (
        409,
        "chef_unavailable",
        "The chef is booked at that time.",
    )
    assert str(error) == error.message


def test_a_class_may_name_its_own_code_and_inherits_the_message() -> None:
    assert (Quiet.code, Quiet().message) == ("hush", "The chef is booked at that time.")


def test_an_error_may_carry_its_own_message_fields_and_extras() -> None:
    error = NotFound("No chef 7.", errors=[FieldError("chef_id", "unknown")], chef_id=7)
    assert error.message == "No chef 7."
    assert error.errors == (FieldError("chef_id", "unknown"),)
    assert error.extra == {"chef_id": 7}


def test_retry_after_is_sent_rounded_up_and_never_zero() -> None:
    assert TooManyRequests(retry_after=2.1).headers["Retry-After"] == "3"
    assert TooManyRequests(retry_after=0).headers["Retry-After"] == "1"


def test_unauthenticated_names_the_scheme() -> None:
    assert Unauthenticated().headers == {"WWW-Authenticate": "Bearer"}


def test_every_status_of_the_tree_is_told_apart_by_its_code() -> None:
    def below(kind: type[ServiceError]) -> list[type[ServiceError]]:
        return [found for child in kind.__subclasses__() for found in (child, *below(child))]

    ours = [kind for kind in below(ServiceError) if kind.__module__ == "shared.errors"]
    assert sorted(kind.status for kind in ours) == [
        400,
        401,
        402,
        403,
        404,
        409,
        413,
        422,
        429,
        503,
        503,
        503,
    ]
    assert len({kind.code for kind in ours}) == len(ours)
