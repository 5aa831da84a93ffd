"""What is seen of a generation while it runs: a bar everywhere, its newest slice in a notebook."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .connection import Connection
from .errors import OsteographError
from .progress import Bar, bar, in_notebook


@contextmanager
def watching(connection: Connection, *, progress: bool | None, pictures: bool | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Gives what is told each event, or each row where no events get through."""
    screen = _Screen(connection) if (in_notebook() if pictures is None else pictures) else None
    with bar('generation', unit=' slices', shown=progress) as shown:
        yield lambda update: _look(update, shown, screen)


def _look(update: dict[str, Any], shown: Bar, screen: '_Screen | None') -> None:
    kind = update['__typename']
    if kind == 'GenerationSliceCompleted':
        _slices(update['completed'], update['total'], update['slice'], shown, screen)
    elif kind == 'Generation' and update['slices']:
        _slices(len(update['slices']), update['sliceCount'], update['slices'][-1], shown, screen)


def _slices(done: int, total: int, newest: dict[str, Any], shown: Bar, screen: '_Screen | None') -> None:
    score = '' if newest['psnr'] is None else f', {newest["psnr"]:.1f} dB'
    shown.to(done, total, note=f'slice {newest["index"]}{score}')
    if screen:
        screen.show(newest['previewUrl'], f'{done} of {total} slices{score}')


class _Screen:
    """One place in the notebook's output, drawn anew for each slice."""

    def __init__(self, connection: Connection) -> None:
        from IPython.display import HTML, display

        self._connection = connection
        self._html = HTML
        self._place = display(HTML('The generation waits for a worker.'), display_id=True)

    def show(self, path: str, caption: str) -> None:
        try:
            data = base64.b64encode(self._connection.fetch(path)).decode()
        except OsteographError:
            # A picture that does not come is no reason to stop watching.
            return
        if self._place is not None:
            picture = f'<img alt="newest slice" src="data:image/png;base64,{data}">'
            self._place.update(self._html(f'<figure>{picture}<figcaption>{caption}. SYNTHETIC</figcaption></figure>'))
