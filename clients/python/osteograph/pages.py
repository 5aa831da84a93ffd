"""Lists, page by page."""

from collections.abc import Iterator
from typing import Any

from .connection import Connection


def pages(connection: Connection, query: str, variables: dict[str, Any] | None = None, *, size: int = 200) -> Iterator[dict[str, Any]]:
    """The rows of a list. The query calls the list `page`, takes $first and $after, and asks for `pageInfo` and `nodes`."""
    after = None
    while True:
        page = connection.ask(query, {**(variables or {}), 'first': size, 'after': after})['page']
        yield from page['nodes']
        if not page['pageInfo']['hasNextPage']:
            return
        after = page['pageInfo']['endCursor']
