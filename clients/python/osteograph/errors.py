"""What the server refuses, and that it cannot be reached: one class for each kind, each with the API's code and sentence."""

from collections.abc import Mapping
from typing import Any

NO_ANSWER = 'The server does not answer. It may be restarting; check the address and try again.'
NO_API = 'What answers at this address is no Osteograph server; check the address.'
UNKNOWN_TOKEN = 'The server does not know this token, or it has expired.'


class OsteographError(Exception):
    """What the server refuses, or that it cannot be reached. `str(error)` is a sentence for people.

    code: `extensions.code` of the API's first error, such as NOT_FOUND; NETWORK where no answer of the API came.
    status: HTTP status of the answer, where one came.
    details: what else the API said, such as `retryAfter` in seconds.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.details: Mapping[str, Any] = details or {}


class UnauthenticatedError(OsteographError):
    """The token is missing, wrong, expired or revoked."""


class ForbiddenError(OsteographError):
    """The token's role may not do this."""


class BadInputError(OsteographError):
    """Something that was asked for is wrong; the sentence says what, where, and what is accepted."""


class NotFoundError(OsteographError):
    """There is no such thing, or this token may not see it."""


class ConflictError(OsteographError):
    """It was changed meanwhile, or something else stands against it."""


class LimitExceededError(OsteographError):
    """More was asked for than one request may take."""


class RateLimitedError(OsteographError):
    """The token has asked too much in too short a time, and `patience` was not long enough to wait for its turn."""


class UnavailableError(OsteographError):
    """Something behind the server is away, and did not come back within `patience`."""


class NetworkError(OsteographError):
    """No answer of the API came."""


class FailedError(OsteographError):
    """Long work ended without a result: code FAILED, CANCELED or EXPIRED, with the server's sentence."""


_CLASSES: dict[str, type[OsteographError]] = {
    'UNAUTHENTICATED': UnauthenticatedError,
    'FORBIDDEN': ForbiddenError,
    'BAD_USER_INPUT': BadInputError,
    'GRAPHQL_PARSE_FAILED': BadInputError,
    'GRAPHQL_VALIDATION_FAILED': BadInputError,
    'BUNDLE_REFUSED': BadInputError,
    'FILE_REFUSED': BadInputError,
    'NOT_FOUND': NotFoundError,
    'CONFLICT': ConflictError,
    'LIMIT_EXCEEDED': LimitExceededError,
    'RATE_LIMITED': RateLimitedError,
    'UNAVAILABLE': UnavailableError,
    'NETWORK': NetworkError,
    'FAILED': FailedError,
    'CANCELED': FailedError,
    'EXPIRED': FailedError,
}


def error_of(code: str, message: str, *, status: int | None = None, details: Mapping[str, Any] | None = None) -> OsteographError:
    """The exception of a code of the API."""
    return _CLASSES.get(code, OsteographError)(code, message, status=status, details=details)


def refusal_in(errors: list[dict[str, Any]], status: int | None = None) -> OsteographError:
    """The first of the errors of an answer; what else is in its extensions becomes `details`."""
    first = errors[0] if errors else {}
    details = dict(first.get('extensions') or {})
    code = details.pop('code', None)
    message = first.get('message') or 'The server refuses without a reason.'
    return error_of(code if isinstance(code, str) else 'INTERNAL_SERVER_ERROR', message, status=status, details=details)
