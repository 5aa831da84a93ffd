"""Synthetic MRI volumes: asked for, watched live, and taken as NumPy arrays."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

from .connection import Connection
from .errors import FailedError, NotFoundError, error_of
from .follow import follow
from .images import Volume, read_volume
from .live import watching

_GENERATE = """
mutation Generate($input: GenerateMriInput!) { generateMri(input: $input) { generation { id } } }"""

_CANCEL = """
mutation CancelGeneration($id: ID!) { cancelGeneration(input: { id: $id }) { generation { state } } }"""

_ROW = """
query Generation($id: ID!) {
  generation(id: $id) {
    id state error lastSeq sliceCount steps seed psnr ssim rssim durationMs device bundle { name version }
    exam { id side participant { oaiId } visit { code } }
    mriSeries { id sequence synthetic provenance volume { url } }
  }
}"""


class Generation:
    """One run of a model on one film, on the server: it goes on whether anybody watches or not."""

    def __init__(self, connection: Connection, id: str, progress: bool | None) -> None:
        self._connection = connection
        self._progress = progress
        self.id = id

    def row(self) -> dict[str, Any]:
        """How it stands: state, error, seed, bundle, scores (None where the exam has no real MRI), exam, series. raises NotFoundError"""
        row = self._connection.ask(_ROW, {'id': self.id})['generation']
        if row is None:
            raise NotFoundError('NOT_FOUND', 'There is no generation with this id.')
        return row

    def check(self) -> 'Generation':
        """Itself, if the server knows it. raises NotFoundError"""
        self.row()
        return self

    @property
    def state(self) -> str:
        """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELED."""
        return str(self.row()['state'])

    def events(self, after: int = 0) -> Iterator[dict[str, Any]]:
        """Its events from the one after `after`, each once and in order, live and through cut connections, until it is over."""
        return follow(self._connection, 'generation', self.id, after=after)

    def watch(self, *, progress: bool | None = None, pictures: bool | None = None) -> 'Generation':
        """Waits until it has succeeded, with a bar and, in a notebook, its newest slice.

        progress, pictures: whether these are shown; default: where they can be seen.
        raises FailedError with the server's sentence when it fails or is canceled
        """
        shown = self._progress if progress is None else progress
        with watching(self._connection, progress=shown, pictures=pictures) as look:
            for update in self.events():
                look(update)
        row = self.row()
        if row['state'] != 'SUCCEEDED':
            raise error_of(row['state'], row['error'] or 'The generation was canceled.')
        return self

    def volume(self) -> Volume:
        """The volume that was generated. raises FailedError before it is there, and where there will be none"""
        row = self.row()
        series = row['mriSeries']
        if not series or not series['volume']:
            sentence = row['error'] or f'The generation is {row["state"]} and has no volume; watch() waits for it.'
            raise FailedError(row['state'], sentence)
        return read_volume(self._connection, series, row['exam'])

    def cancel(self) -> None:
        """Stops it; what runs ends within one step of the network."""
        self._connection.ask(_CANCEL, {'id': self.id}, repeatable=True)

    def __repr__(self) -> str:
        return f'<Generation {self.id}>'


def request_generation(connection: Connection, options: dict[str, Any], progress: bool | None) -> Generation:
    """Asks once, whatever happens to the answer: a key of its own stands for the request where the caller gave none.

    options: those of `generateMri` in Python's spelling, without those that are None.
    """
    given = {_camel(name): value for name, value in options.items() if value is not None}
    if isinstance(features := given.get('features'), dict):
        given['features'] = [{'feature': feature, 'grade': grade} for feature, grade in features.items()]
    asked = {'clientKey': f'python-{uuid.uuid4()}', **given}
    answer = connection.ask(_GENERATE, {'input': asked}, repeatable=True)
    return Generation(connection, answer['generateMri']['generation']['id'], progress)


def _camel(name: str) -> str:
    return re.sub(r'_([a-z])', lambda match: match[1].upper(), name)
