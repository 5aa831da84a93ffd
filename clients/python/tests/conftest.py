"""A real server for the tests: a synthetic release is written, imported into a database of its own, and served with a worker."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest

import osteograph
from line import Line

ROOT = Path(__file__).parents[3]
NODE = ROOT / 'node_modules/.bin/node'
PROGRAM = ROOT / 'dist/src/cli/main.js'

# Sixty people at two visits; MRI and films of one of them.
RELEASE = ['--participants', '60', '--visits', 'V00,V06', '--image-participants', '1', '--compact']


def run(*args: str) -> str:
    """Runs `osteograph <args>` to its end and gives what it printed."""
    done = subprocess.run([NODE, PROGRAM, *args], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    """Without what names another server or database."""
    named = ('DATABASE_URL', 'OSTEOGRAPH_URL', 'OSTEOGRAPH_TOKEN', 'OSTEOGRAPH_DATA_DIR', 'BLOB_URL')
    return {name: value for name, value in os.environ.items() if name not in named}


@pytest.fixture(scope='session')
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic release on disk."""
    assert PROGRAM.exists(), 'The server is not built: run npm ci and npm run build in the root of the repository.'
    folder = tmp_path_factory.mktemp('osteograph') / 'release'
    run('synth', '--out', str(folder), *RELEASE)
    return folder


@pytest.fixture(scope='session')
def data_dir(release: Path) -> Path:
    """Where the server keeps its database and images; the release is imported."""
    folder = release.parent / 'data'
    run('import', str(release), '--data-dir', str(folder))
    return folder


@pytest.fixture(scope='session')
def address(data_dir: Path) -> Iterator[tuple[str, str]]:
    """Address of the running server, and the administrator's token."""
    models = data_dir.parent / 'models'
    shutil.copytree(ROOT / 'test/golden/tiny-bundle', models / 'tiny-bundle/1.0.0')
    flags = ['--port', '0', '--data-dir', str(data_dir), '--models', str(models), '--device', 'cpu']
    process = subprocess.Popen([NODE, PROGRAM, 'serve', *flags], stdout=subprocess.PIPE, text=True, env=environment())
    assert process.stdout
    for printed in process.stdout:
        if found := re.search(r'(http://127\.0\.0\.1:\d+)/\?token=([\w-]+)', printed):
            break
    else:
        raise AssertionError('osteograph serve ended before it was ready.')
    yield found[1], found[2]
    process.send_signal(signal.SIGTERM)
    process.wait(60)


@pytest.fixture(scope='session')
def server(address: tuple[str, str]) -> Iterator[osteograph.Osteograph]:
    """The client, as ADMIN."""
    with osteograph.connect(*address) as client:
        yield client


@pytest.fixture
def line(address: tuple[str, str]) -> Iterator[Line]:
    """A line to the server that can be cut."""
    with Line(int(address[0].rpartition(':')[2])) as opened:
        yield opened


@pytest.fixture(scope='session')
def tables(release: Path) -> dict[str, pandas.DataFrame]:
    """The release's own tables as they are written, every cell as text."""
    return {path.stem.lower(): pandas.read_csv(path, sep='|', dtype='string') for path in (release / 'tables').glob('*.txt')}


@pytest.fixture(scope='session')
def baseline(server: osteograph.Osteograph) -> osteograph.Cohort:
    """All knees at baseline."""
    return server.cohort(where={'visit': {'eq': 'V00'}})
