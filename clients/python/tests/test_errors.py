"""What goes wrong, and what is waited for."""

import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

import osteograph
from line import Line
from osteograph.connection import passes
from osteograph.errors import refusal_in
from osteograph.exports import _canceled_if_left
from proxy import Proxy

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


def test_the_token_in_an_address_is_used_and_never_shown(address: tuple[str, str]) -> None:
    with osteograph.connect(f'{address[0]}/?token={address[1]}') as server:
        assert server.ask(VIEWER) == {'viewer': {'role': 'ADMIN'}}
        assert repr(server) == f'<Osteograph at {address[0]}/>'


@pytest.mark.parametrize(
    'url',
    [
        'http://127.0.0.1:4000/?key=secret',
        'http://me:secret@127.0.0.1:4000',
        'http://127.0.0.1:4000/#secret',
        '127.0.0.1:4000',
        'http://127.0.0.1:secret',
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(osteograph.BadInputError) as refused:
        osteograph.connect(url, 'osteo_any')

    assert str(refused.value) == 'Give an address such as http://127.0.0.1:4000, with nothing behind it but ?token=...'


def test_the_token_goes_to_no_other_server() -> None:
    with Proxy(404) as other, osteograph.connect('http://127.0.0.1:9', 'osteo_any', patience=0) as server:
        for path in (f'{other.url}/assets/1', f'//{other.url.removeprefix("http://")}/assets/1', 'assets/1', ''):
            with pytest.raises(osteograph.BadInputError, match='Only paths of the server are fetched'):
                server.download(path)
        assert other.asked == 0


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
        assert len(counting.cohort(where={'visit': {'eq': 'V00'}})) == 120
        with pytest.raises(osteograph.ForbiddenError, match='They are fewer than this token is told'):
            len(counting.cohort(where={'visit': {'eq': 'V00'}, 'side': {'eq': 'LEFT'}, 'kl': {'eq': 4}}))


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


@pytest.mark.parametrize(
    ('status', 'sentence'),
    [
        (404, 'The server answered with 404.'),
        (301, 'The server answered with 301.'),
        (200, 'What answers at this address is no Osteograph server; check the address.'),
    ],
)
def test_a_proxy_that_would_answer_so_again_is_asked_once(status: int, sentence: str) -> None:
    with Proxy(status) as proxy, osteograph.connect(proxy.url, 'osteo_any') as server:
        with pytest.raises(osteograph.NetworkError) as failed:
            server.ask(VIEWER)
        assert (str(failed.value), failed.value.status, proxy.asked) == (sentence, status, 1)
        # The stream of events, and the row that would stand for it.
        with pytest.raises(osteograph.NetworkError):
            list(server.follow('generation', 'any'))
        assert proxy.asked <= 4


def test_a_proxy_whose_server_is_away_is_asked_again() -> None:
    with Proxy(503) as proxy, osteograph.connect(proxy.url, 'osteo_any', patience=2) as server:
        with pytest.raises(osteograph.NetworkError):
            server.ask(VIEWER)
        assert proxy.asked > 1


@pytest.mark.parametrize(('cost', 'waited'), [(900, True), (1000, True), (1001, False)])
def test_what_costs_more_than_a_token_may_ever_spend_is_not_waited_for(cost: int, waited: bool) -> None:
    extensions = {'code': 'RATE_LIMITED', 'limit': 1000, 'window': 60, 'remaining': 0, 'cost': cost, 'retryAfter': 60}
    assert passes(refusal_in([{'message': 'Too much.', 'extensions': extensions}], 429), repeatable=True) is waited


def test_who_leaves_while_the_server_is_away_says_so_once_and_leaves() -> None:
    with Proxy(503) as proxy, osteograph.connect(proxy.url, 'osteo_any') as server:
        with pytest.raises(KeyboardInterrupt), _canceled_if_left(server._connection, 'any'):
            raise KeyboardInterrupt
        assert proxy.asked == 1


def test_a_database_that_is_away_is_waited_for(address: tuple[str, str], server: osteograph.Osteograph, data_dir: Path) -> None:
    lines = next(data_dir.rglob('postmaster.pid')).read_text().splitlines()
    # Connected to PostgreSQL as the server is: it ends when the server's own connections do.
    with socket.create_connection((lines[5].strip(), int(lines[3]))) as own:
        os.kill(int(lines[0]), signal.SIGQUIT)
        with contextlib.suppress(ConnectionResetError):
            assert own.recv(1) == b''

    with osteograph.connect(*address, patience=0) as hasty, pytest.raises(osteograph.UnavailableError) as away:
        hasty.ask('{ kneeExams { totalCount } }')
    assert away.value.details['retryAfter'] > 0
    assert server.ask('{ kneeExams { totalCount } }')['kneeExams']['totalCount'] > 120
