"""What a bundle is called."""

from pathlib import Path

import pytest

from osteograph_training.bundle_folder import bundle_name
from osteograph_training.cli import main
from osteograph_training.errors import TrainingError


def test_name_and_version_are_those_of_the_folder_unless_they_are_given() -> None:
    assert bundle_name(Path('models/my-knee/1.2.0')) == ('my-knee', '1.2.0')
    assert bundle_name(Path('models/my-knee/1.2.0-rc.1')) == ('my-knee', '1.2.0-rc.1')
    assert bundle_name(Path('somewhere'), 'my-knee', '1.2.0') == ('my-knee', '1.2.0')


@pytest.mark.parametrize(
    ('folder', 'sentence'),
    [
        ('models/My Knee/1.0.0', 'The bundle would be called "My Knee"; lower-case letters, digits, dots and dashes are expected'),
        ('models/my-knee/latest', 'The bundle would have the version "latest"; one such as 1.0.0 is expected'),
        ('models/my-knee/1.0', 'The bundle would have the version "1.0"'),
    ],
)
def test_a_folder_that_the_platform_would_refuse_is_refused_in_one_sentence(folder: str, sentence: str) -> None:
    with pytest.raises(TrainingError) as error:
        bundle_name(Path(folder))
    assert sentence in str(error.value)


def test_export_asks_for_a_folder_that_says_name_and_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['export', '--run', str(tmp_path), '--data', str(tmp_path), '--out', str(tmp_path / 'runs' / 'out')]) == 2
    assert 'The bundle would have the version "out"; one such as 1.0.0 is expected: models/NAME/VERSION.' in capsys.readouterr().err
