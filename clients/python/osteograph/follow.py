"""Following long work to its end, through whatever breaks: what @osteograph/client does for JavaScript, in the same way."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError, connect_sse

from .connection import Connection, passes, refusal_of
from .errors import NO_ANSWER, NetworkError, NotFoundError, OsteographError, refusal_in
from .logs import LOGS, UNDER_WAY, Kind

# A way is given up after so many failures in a row without ever having worked; at the first where it is silent or refused.
GIVE_UP = 2

# The row is asked for so often where no stream of events gets through, s; of an export, which has no log, sooner at first.
POLL = 3.0
FIRST_POLL = 0.25

# After so long the stream of events is tried again, s: a server that was away is no network that blocks.
BETTER_AGAIN = 60.0

# The longest pause before another try, s.
LONGEST_PAUSE = 5.0

# A fault of the server may pass or not: it is asked so often.
PATIENCE = 5

# Signs of life come every 12 s. A proxy may hold everything back without a word: until a stream has ever worked, it is waited for less long.
STREAM_TIMEOUT = httpx.Timeout(10, read=45)
UNPROVEN_TIMEOUT = httpx.Timeout(10, read=15)


def follow(connection: Connection, kind: Kind, id: str, *, after: int = 0, document: str | None = None) -> Iterator[dict[str, Any]]:
    """Events of something, each once and in order, until the last one.

    A stream that is cut is taken up after the last event. Where no stream of server-sent events gets through, the row comes in their
    place whenever it has changed, and stands for every event up to its `lastSeq`; an export has no log, so its row is what comes.
    It waits without an end for a server that is away: leave the loop to stop.

    after: the last `seq` that is known already.
    document: a subscription of one's own with $id and $after that asks for `seq`.
    raises OsteographError for what would not change by asking again, at once: NOT_FOUND, UNAUTHENTICATED, FORBIDDEN, ...
    """
    log = LOGS[kind]
    events = document or log.events
    last, shown, failures = after, None, 0
    proven = False
    polling_since: float | None = None
    pause = FIRST_POLL
    while True:
        if polling_since is not None and time.monotonic() - polling_since > BETTER_AGAIN:
            polling_since = None
        try:
            if events is None or polling_since is not None:
                row = _row(connection, kind, id)
                failures = 0
                news = row != shown if 'lastSeq' not in row else row['lastSeq'] > last
                shown, last = row, max(last, row.get('lastSeq', 0))
                if news:
                    yield row
                if row['state'] not in UNDER_WAY:
                    return
                time.sleep(POLL if events else pause)
                pause = min(pause * 1.5, POLL)
                continue
            for event in _stream(connection, events, {'id': id, 'after': last}, STREAM_TIMEOUT if proven else UNPROVEN_TIMEOUT):
                failures, proven = 0, True
                if event['seq'] > last:
                    last = event['seq']
                    yield event
            return
        except OsteographError as fault:
            failures += 1
            given_up = failures >= GIVE_UP or 'silent' in fault.details or not passes(fault, repeatable=True)
            if fault.code == 'NETWORK' and given_up and not proven and polling_since is None and events:
                polling_since, failures = time.monotonic(), 0
                continue
            if _is_final(fault, failures):
                raise
            time.sleep(min(0.25 * 2**failures, LONGEST_PAUSE))


def _is_final(fault: OsteographError, failures: int) -> bool:
    if fault.code == 'INTERNAL_SERVER_ERROR':
        return failures >= PATIENCE
    return not passes(fault, repeatable=True)


def _row(connection: Connection, kind: Kind, id: str) -> dict[str, Any]:
    (row,) = connection.ask(LOGS[kind].row, {'id': id}).values()
    if row is None:
        raise NotFoundError('NOT_FOUND', f'There is no {kind} with this id.')
    return row


def _stream(connection: Connection, query: str, variables: dict[str, Any], timeout: httpx.Timeout) -> Iterator[dict[str, Any]]:
    """The events of one connection; raises NetworkError where it ends, or is silent, before the server has said that there are no more."""
    try:
        request = {'json': {'query': query, 'variables': variables}, 'timeout': timeout}
        with connect_sse(connection.http, 'POST', '/graphql', **request) as source:
            if not source.response.is_success:
                source.response.read()
                raise refusal_of(source.response)
            yield from _events(source)
            return
    except httpx.ReadTimeout as cause:
        raise NetworkError('NETWORK', NO_ANSWER, details={'silent': True}) from cause
    except (httpx.HTTPError, SSEError) as cause:
        raise NetworkError('NETWORK', NO_ANSWER) from cause


def _events(source: EventSource) -> Iterator[dict[str, Any]]:
    for message in source.iter_sse():
        if message.event == 'complete':
            return
        # A sign of life: a comment, which httpx-sse gives as an event without data.
        if not message.data:
            continue
        answer = message.json()
        if answer.get('errors'):
            raise refusal_in(answer['errors'], source.response.status_code)
        yield from (answer.get('data') or {}).values()
    raise NetworkError('NETWORK', NO_ANSWER)
