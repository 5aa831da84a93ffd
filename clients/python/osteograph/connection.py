"""HTTP to one server with one token: queries, files, and waiting for what passes by itself."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from typing import Any, TypeVar

import httpx
import numpy
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_exponential, wait_random

from .errors import (
    NO_ANSWER,
    NO_API,
    UNKNOWN_TOKEN,
    BadInputError,
    NetworkError,
    OsteographError,
    RateLimitedError,
    UnavailableError,
    error_of,
    refusal_in,
)

T = TypeVar('T')

# A statement may take 30 s, and wait for its turn before.
TIMEOUT = httpx.Timeout(10, read=120)

# Whoever leaves does not wait for the answer to what is said in leaving.
PARTING_TIMEOUT = httpx.Timeout(5)

# Of a proxy, or of a server behind it that is away; any other status without the API's words would come again.
PASSING_STATUSES = (408, 425, 429, 502, 503, 504)

_BACK_OFF = wait_exponential(multiplier=0.5, max=5) + wait_random(0, 0.5)


class Connection:
    """Asks, and waits up to `patience` seconds for a server that is away or has no room for more."""

    def __init__(self, url: str, token: str, patience: float) -> None:
        self.patience = patience
        self.http = httpx.Client(base_url=url, headers={'Authorization': f'Bearer {token}'}, timeout=TIMEOUT)

    def ask(self, query: str, variables: dict[str, Any] | None = None, *, repeatable: bool | None = None) -> dict[str, Any]:
        """Runs a query or a mutation and gives its `data`.

        repeatable: whether it may be sent again when nobody knows if it arrived; default: a query may, a mutation may not.
        raises OsteographError with the code and the sentence of the API's first error
        """
        again = not re.search(r'^\s*mutation\b', query, re.MULTILINE) if repeatable is None else repeatable
        return self.patiently(lambda: self._once(query, variables, TIMEOUT), repeatable=again)

    def part(self, query: str, variables: dict[str, Any]) -> None:
        """Asks once, for a few seconds, for somebody who leaves whatever the answer is."""
        with suppress(OsteographError):
            self._once(query, variables, PARTING_TIMEOUT)

    def fetch(self, path: str, *, body: Any = None, on_bytes: Callable[[int, int | None], None] = lambda done, total: None) -> bytes:
        """The body behind a path of the server, by GET, or by POST where there is a body, which is sent as JSON.

        on_bytes: told how many bytes have come, and of how many if that is known.
        raises OsteographError; a body that breaks off is asked for again and never given in part. BadInputError for what is no path: the
            token goes to no other server.
        """
        if not path.startswith('/') or path.startswith('//'):
            raise BadInputError('BAD_USER_INPUT', 'Only paths of the server are fetched, such as the url of an image; they begin with one "/".')

        method = 'GET' if body is None else 'POST'
        sent = {} if body is None else _sent(body)

        def once() -> bytes:
            parts: list[bytes] = []
            with _answered(), self.http.stream(method, path, **sent) as response:
                if not response.is_success:
                    response.read()
                    raise refusal_of(response)
                length = response.headers.get('content-length')
                packed = 'content-encoding' in response.headers
                done = 0
                for part in response.iter_bytes():
                    parts.append(part)
                    done += len(part)
                    on_bytes(done, int(length) if length and not packed else None)
            return b''.join(parts)

        return self.patiently(once, repeatable=True)

    def patiently(self, once: Callable[[], T], *, repeatable: bool) -> T:
        """Runs `once`, again and again with growing pauses while what it raises passes by itself, for `patience` seconds."""
        retrying = Retrying(
            retry=retry_if_exception(lambda error: passes(error, repeatable=repeatable)),
            wait=_pause,
            stop=stop_before_delay(self.patience),
            reraise=True,
        )
        return retrying(once)

    def close(self) -> None:
        self.http.close()

    def _once(self, query: str, variables: dict[str, Any] | None, timeout: httpx.Timeout) -> dict[str, Any]:
        sent = _sent({'query': query, 'variables': variables or {}})
        with _answered():
            response = self.http.post('/graphql', **sent, timeout=timeout)
        if not response.is_success:
            raise refusal_of(response)
        try:
            answer = response.json()
        except ValueError as cause:
            raise NetworkError('NETWORK', NO_API, status=response.status_code) from cause
        if answer.get('errors') or not answer.get('data'):
            raise refusal_in(answer.get('errors') or [], response.status_code)
        return answer['data']


def passes(error: BaseException, *, repeatable: bool) -> bool:
    """Whether the same request may well be answered a little later, and may be made again."""
    if isinstance(error, RateLimitedError):
        cost, limit = error.details.get('cost'), error.details.get('limit')
        return cost is None or limit is None or cost <= limit
    if isinstance(error, UnavailableError):
        # With status 200 a part of the answer came, and a mutation may have been made.
        return repeatable or error.status != 200
    if isinstance(error, NetworkError):
        return (error.status is None or error.status in PASSING_STATUSES) and (repeatable or bool(error.details.get('unsent')))
    return False


def refusal_of(response: httpx.Response) -> OsteographError:
    """What an answer that is no success says: the API's own sentence, or a proxy's status."""
    status = response.status_code
    try:
        errors = response.json().get('errors')
    except (ValueError, AttributeError):
        errors = None
    if errors:
        error = refusal_in(errors, status)
        seconds = response.headers.get('retry-after', '')
        if seconds.isdigit():
            error.details = {'retryAfter': int(seconds), **error.details}
        return error
    if status == 401:
        return error_of('UNAUTHENTICATED', UNKNOWN_TOKEN, status=status)
    return error_of('NETWORK', f'The server answered with {status}.', status=status)


def _sent(body: Any) -> dict[str, Any]:
    """A request's body as JSON, and what it is; numbers and arrays of NumPy and pandas, and days, as what they say."""
    try:
        return {'content': json.dumps(body, default=_plain, allow_nan=False).encode(), 'headers': {'Content-Type': 'application/json'}}
    except ValueError as cause:
        raise BadInputError('BAD_USER_INPUT', 'A number that is not finite, such as NaN, cannot be asked for.') from cause


def _plain(value: Any) -> Any:
    if isinstance(value, numpy.ndarray | numpy.generic) and value.dtype.kind in 'mM':
        if numpy.isnat(value).any():
            raise BadInputError('BAD_USER_INPUT', 'NaT, which is no time, cannot be asked for.')
        # Of nanoseconds tolist() makes bare numbers.
        value = value.astype(f'{value.dtype.kind}8[us]')
    if hasattr(value, 'tolist'):
        return value.tolist()
    if isinstance(value, datetime) and value == value:  # what is no time, pandas' NaT, differs from itself
        if value.time() == time() and value.tzinfo is None:
            return value.date().isoformat()
        if value.tzinfo is not None:
            return value.isoformat(timespec='microseconds')
        raise BadInputError('BAD_USER_INPUT', f'{value.isoformat()} cannot be asked for: a time of day needs its time zone, such as UTC.')
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise BadInputError('BAD_USER_INPUT', f'{value!r} cannot be asked for: it is neither a number, a word, a day, nor a list or dict of them.')


@contextmanager
def _answered() -> Iterator[None]:
    """Turns every failure of the network into a NetworkError."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as cause:
        raise NetworkError('NETWORK', NO_ANSWER, details={'unsent': True}) from cause
    except httpx.HTTPError as cause:
        raise NetworkError('NETWORK', NO_ANSWER) from cause


def _pause(state: RetryCallState) -> float:
    """Seconds before the next try: as the server says, and no less than the back-off."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.details.get('retryAfter') if isinstance(error, OsteographError) else None
    return max(_BACK_OFF(state), float(asked) if isinstance(asked, int | float) else 0.0)
