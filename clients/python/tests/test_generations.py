"""Generations: asked for, followed through cut connections, and taken as arrays."""

import base64
import io
import sys
from typing import Any

import httpx
import numpy
import pytest
from httpx_sse import EventSource

import osteograph
from line import Line
from osteograph.follow import _events
from osteograph.live import watching

EXAM = {'visit': {'eq': 'V00'}, 'side': {'eq': 'LEFT'}, 'hasMri': True}


@pytest.fixture(scope='module')
def exam(server: osteograph.Osteograph) -> str:
    """A left knee with a film and an MRI of its own."""
    return str(server.cohort(where=EXAM).frame(columns=['has_mri'])['exam_id'].iloc[0])


@pytest.fixture(scope='module')
def finished(server: osteograph.Osteograph, exam: str) -> osteograph.Generation:
    """A generation that has succeeded."""
    return server.generate(exam, slice_count=12, steps=2, seed=7, features={'XRKL': 3, 'XRJSM': None}).watch()


def test_a_volume_is_generated_and_is_an_array_with_an_affine(server: osteograph.Osteograph, exam: str, finished: osteograph.Generation) -> None:
    volume = finished.volume()
    row = finished.row()

    assert finished.state == 'SUCCEEDED'
    assert (row['sliceCount'], row['steps'], row['seed']) == (12, 2, 7)
    assert row['bundle'] == {'name': 'tiny-bundle', 'version': '1.0.0'}
    assert row['psnr'] is not None
    assert volume.array.shape == (256, 256, 12)
    assert (volume.synthetic, volume.provenance, volume.exam_id, volume.side) == (True, 'GENERATED', exam, 'LEFT')
    assert volume.spacing[2] == pytest.approx(73.5 / 11, abs=1e-4)
    # Of the exam's generations, whichever tests ran before.
    kept = server.cohort(where={'id': {'eq': exam}}).volumes(synthetic=True)
    assert any(again.id == volume.id and (again.array == volume.array).all() for again in kept)
    assert numpy.linalg.det(volume.affine) != 0


def test_events_are_numbered_without_a_gap_and_can_be_taken_up_anywhere(server: osteograph.Osteograph, finished: osteograph.Generation) -> None:
    events = list(finished.events())
    numbers = [event['seq'] for event in events]

    assert numbers == list(range(1, len(events) + 1))
    assert [event['completed'] for event in events if event['__typename'] == 'GenerationSliceCompleted'] == list(range(1, 13))
    assert events[-1]['state'] == 'SUCCEEDED'
    assert [event['seq'] for event in finished.events(after=numbers[4])] == numbers[5:]


def test_a_connection_that_is_cut_twice_loses_no_event_and_brings_none_twice(
    address: tuple[str, str], server: osteograph.Osteograph, line: Line, exam: str
) -> None:
    run = server.generate(exam, slice_count=30, steps=3, seed=1)
    numbers = []
    with osteograph.connect(line.url, address[1]) as client:
        for event in client.follow('generation', run.id):
            numbers.append(event['seq'])
            if event['seq'] in (2, 9):
                line.cut()

    assert numbers == list(range(1, run.row()['lastSeq'] + 1))
    assert line.opened >= 3


def test_where_a_proxy_holds_the_stream_back_the_row_comes_after_one_try(
    address: tuple[str, str], finished: osteograph.Generation, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('osteograph.follow.UNPROVEN_TIMEOUT', httpx.Timeout(1))
    line.answer(b'text/event-stream', b'')
    with osteograph.connect(line.url, address[1]) as client:
        rows = list(client.follow('generation', finished.id))

    assert [row['state'] for row in rows] == ['SUCCEEDED']
    assert line.answered == 1


def test_where_no_event_stream_gets_through_the_row_comes_to_the_end(address: tuple[str, str], finished: osteograph.Generation, line: Line) -> None:
    line.block(b'text/event-stream')
    with osteograph.connect(line.url, address[1]) as client:
        updates = list(client.follow('generation', finished.id))

    assert [(update['__typename'], update['state']) for update in updates] == [('Generation', 'SUCCEEDED')]
    assert len(updates[0]['slices']) == 12


def test_fields_of_ones_own_are_asked_for_by_a_document(server: osteograph.Osteograph, finished: osteograph.Generation) -> None:
    document = """
    subscription Own($id: ID!, $after: Int!) {
      generationProgress(id: $id, after: $after) { seq ... on GenerationCompleted { denoiserEvaluations } }
    }"""

    last = list(server.follow('generation', finished.id, document=document))[-2:]
    assert last[0]['denoiserEvaluations'] > 0


@pytest.mark.parametrize('kind', ['generation', 'batch', 'evaluation', 'export'])
def test_an_unknown_id_is_an_error_at_once(server: osteograph.Osteograph, kind: Any) -> None:
    name = base64.urlsafe_b64encode(f'{kind.capitalize()}:d0a3c090-252d-4719-93af-1c675756712b'.encode()).decode().rstrip('=')

    with pytest.raises(osteograph.NotFoundError):
        list(server.follow(kind, name))


def test_signs_of_life_between_events_are_no_events() -> None:
    bytes_of_a_stream = (
        b'id: 1\nevent: next\ndata: {"data":{"generationProgress":{"seq":1}}}\n\n:\n\n:\n\n'
        b'id: 2\nevent: next\ndata: {"data":{"generationProgress":{"seq":2}}}\n\nevent: complete\ndata:\n\n'
    )
    response = httpx.Response(200, headers={'content-type': 'text/event-stream'}, content=bytes_of_a_stream)

    assert [event['seq'] for event in _events(EventSource(response))] == [1, 2]


def test_a_wrong_token_ends_the_following_at_once(address: tuple[str, str], finished: osteograph.Generation) -> None:
    with osteograph.connect(address[0], 'osteo_wrong') as stranger, pytest.raises(osteograph.UnauthenticatedError):
        list(stranger.follow('generation', finished.id))


def test_a_generation_that_is_canceled_says_so(server: osteograph.Osteograph, exam: str) -> None:
    run = server.generate(exam, slice_count=500, steps=50, seed=2)
    run.cancel()

    with pytest.raises(osteograph.FailedError) as ended:
        run.watch()
    assert ended.value.code == 'CANCELED'
    with pytest.raises(osteograph.FailedError):
        run.volume()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        ({'slice_count': 1}, 'sliceCount'),
        ({'slices': 12}, 'Field "slices" is not defined'),
        ({'bundle': 'nobody'}, 'nobody'),
    ],
)
def test_what_cannot_be_generated_is_said_in_the_server_s_sentence(
    server: osteograph.Osteograph, exam: str, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(osteograph.OsteographError, match=sentence):
        server.generate(exam, **options)


def test_asking_twice_with_one_key_gives_one_generation(server: osteograph.Osteograph, exam: str) -> None:
    first = server.generate(exam, slice_count=4, steps=1, seed=5, client_key='test-once')
    second = server.generate(exam, slice_count=4, steps=1, seed=5, client_key='test-once')

    assert first.id == second.id


def test_in_a_notebook_the_newest_slice_is_seen(server: osteograph.Osteograph, finished: osteograph.Generation) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    with capture_output(stdout=False, stderr=False) as seen:
        finished.watch(pictures=True)

    shown = [output.data['text/html'] for output in seen.outputs]
    assert len(shown) == 13
    assert '12 of 12 slices' in shown[-1]
    assert 'SYNTHETIC' in shown[-1]
    picture = base64.b64decode(shown[-1].partition('base64,')[2].partition('"')[0])
    assert picture.startswith(b'\x89PNG')


def test_a_bar_tells_the_slices(server: osteograph.Osteograph, finished: osteograph.Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    monkeypatch.setattr(sys, 'stderr', told)
    with watching(server._connection, progress=True, pictures=False) as look:
        for event in finished.events():
            look(event)

    assert '12/12' in told.getvalue()
