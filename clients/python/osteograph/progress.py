"""Progress bars, where tqdm is installed and somebody looks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Bar(Protocol):
    """What is told how far something is."""

    def to(self, done: float, total: float | None = None, note: str = '') -> None:
        """Sets it to `done` of `total`; `note` stands behind it."""


@contextmanager
def bar(label: str, *, total: float | None = None, unit: str = '', shown: bool | None = None) -> Iterator[Bar]:
    """A progress bar that is gone when the work is over.

    unit: of what is counted; 'B' is written as kB and MB.
    shown: True and False are what they say; None shows it in a notebook and on a terminal. Without tqdm there is none.
    """
    drawn = None if shown is False else _tqdm(label, total, unit, shown)
    if drawn is None:
        yield _Nothing()
        return
    with drawn:
        yield _Drawn(drawn)


class _Nothing:
    def to(self, done: float, total: float | None = None, note: str = '') -> None:
        pass


class _Drawn:
    def __init__(self, drawn: Any) -> None:
        self._drawn = drawn

    def to(self, done: float, total: float | None = None, note: str = '') -> None:
        if total is not None:
            self._drawn.total = total
        if note:
            self._drawn.set_postfix_str(note, refresh=False)
        self._drawn.update(done - self._drawn.n)
        if done == self._drawn.total:
            self._drawn.refresh()


def _tqdm(label: str, total: float | None, unit: str, shown: bool | None) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    # tqdm itself looks for a terminal only, and a notebook has none.
    disable = False if shown or in_notebook() else None
    return tqdm(desc=label, total=total, unit=unit or 'it', unit_scale=unit == 'B', disable=disable, leave=False)


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    return 'ipykernel' in sys.modules
