"""What goes wrong, and what is waited for."""

import os
import signal
from pathlib import Path

import pytest

import osteograph
from line import Line

VIEWER = '{ viewer { role } }'


def test_without_a_token_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('OSTEOGRAPH_TOKEN', raising=False)

    with pytest.raises(osteograph.BadInputError, match='Give a token, or set OSTEOGRAPH_TOKEN'):
        osteograph.connect('http://127.0.0.1:4000')


def test_address_and_token_come_from_the_environment(address: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OSTEOGRAPH_URL', address[0] + '/')
    monkeypatch.setenv('OSTEOGRAPH_TOKEN', address[1])

    with osteograph.connect() as server:
        assert server.ask(VIEWER) == {'viewer': {'role': 'ADMIN'}}
        assert repr(server) == f'<Osteograph at {address[0]}/>'


def test_a_wrong_token_is_said_at_once(address: tuple[str, str]) -> None:
    with osteograph.connect(address[0], 'osteo_wrong') as server, pytest.raises(osteograph.UnauthenticatedError) as refused:
        server.ask(VIEWER)

    assert (refused.value.code, refused.value.status) == ('UNAUTHENTICATED', 401)
    assert str(refused.value).endswith('.')


def test_what_a_role_may_not_do_is_said(address: tuple[str, str], server: osteograph.Osteograph) -> None:
    made = server.ask('mutation { createToken(input: { name: "counts", role: SUMMARY }) { secret } }')
    with osteograph.connect(address[0], made['createToken']['secret']) as counting:
        with pytest.raises(osteograph.ForbiddenError):
            counting.cohort(where={'visit': {'eq': 'V00'}}).frame()
        assert counting.cohort(where={'visit': {'eq': 'V00'}}).counts('SIDE')['exams'].sum() == 120


def test_a_misspelt_field_is_refused_in_the_server_s_words(server: osteograph.Osteograph) -> None:
    with pytest.raises(osteograph.BadInputError, match='Cannot query field "rol" on type "Viewer"') as refused:
        server.ask('{ viewer { rol } }')

    assert refused.value.code == 'GRAPHQL_VALIDATION_FAILED'


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with osteograph.connect('http://127.0.0.1:9', 'osteo_any', patience=0) as server, pytest.raises(osteograph.NetworkError) as failed:
        server.ask(VIEWER)

    assert failed.value.code == 'NETWORK'
    assert str(failed.value).startswith('The server does not answer.')


def test_what_is_no_osteograph_is_no_answer(line: Line) -> None:
    line.block(b'POST')
    with osteograph.connect(line.url, 'osteo_any', patience=0) as server, pytest.raises(osteograph.NetworkError):
        server.ask(VIEWER)


def test_a_query_whose_connection_breaks_is_asked_again(address: tuple[str, str], line: Line) -> None:
    with osteograph.connect(line.url, address[1]) as server:
        server.ask(VIEWER)
        # The connection that httpx has kept is dead when it is used again.
        line.cut()
        assert server.ask(VIEWER) == {'viewer': {'role': 'ADMIN'}}


def test_a_database_that_is_away_is_waited_for(address: tuple[str, str], server: osteograph.Osteograph, data_dir: Path) -> None:
    postmaster = next(data_dir.rglob('postmaster.pid'))
    os.kill(int(postmaster.read_text().split()[0]), signal.SIGQUIT)

    with osteograph.connect(*address, patience=0) as hasty, pytest.raises(osteograph.UnavailableError) as away:
        hasty.ask('{ kneeExams { totalCount } }')
    assert away.value.details['retryAfter'] > 0
    assert server.ask('{ kneeExams { totalCount } }')['kneeExams']['totalCount'] > 120
