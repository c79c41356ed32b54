"""What can go wrong with accounts and sessions.

Conflict
  x EmailTaken
Unauthenticated
  x WrongCredentials
  x InvalidRefreshToken
    + ReusedToken
Forbidden
  x AccountInactive
  x WrongPassword
Unprocessable
  x WeakPassword
TooManyRequests
  x TooManyGuesses
Unavailable
  x GuessesNotCounted
  x HashingBusy
  x SessionStoreUnavailable
"""

from __future__ import annotations

from shared.errors import (
    Conflict,
    Forbidden,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)


class EmailTaken(Conflict):
    """This e-mail address is already registered."""

    code = "email_taken"


class WrongCredentials(Unauthenticated):
    """The e-mail address or the password is wrong."""

    code = "wrong_credentials"


class InvalidRefreshToken(Unauthenticated):
    """The refresh token is not valid; log in again."""

    code = "invalid_refresh_token"


class ReusedToken(InvalidRefreshToken):
    """The refresh token was already used, so its session has ended; log in again."""

    code = "refresh_token_reused"


class AccountInactive(Forbidden):
    """This account is deactivated."""

    code = "account_inactive"


class WrongPassword(Forbidden):
    """The password is wrong."""

    code = "wrong_password"


class WeakPassword(Unprocessable):
    """This password cannot be used."""

    code = "weak_password"


class TooManyGuesses(TooManyRequests):
    """Too many failed attempts for this account; try again later."""

    code = "too_many_guesses"


class HashingBusy(Unavailable):
    """Too many logins at the moment; try again in a second."""

    code = "hashing_busy"


class GuessesNotCounted(Unavailable):
    """Passwords cannot be checked at the moment; try again in a few seconds."""

    code = "password_check_unavailable"


class SessionStoreUnavailable(Unavailable):
    """Sessions cannot be renewed, listed or ended at the moment; try again in a few seconds."""

    code = "session_store_unavailable"
