"""What a bundle is called: its folder is `<name>/<version>`, and the platform refuses a bundle that says otherwise; and how its manifest begins."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import TrainingError

#: As the platform reads them (src/inference/manifest-parts.ts).
NAME = re.compile(r'[a-z0-9][a-z0-9.-]*')
VERSION = re.compile(r'\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?')


def bundle_name(out: Path, name: str | None = None, version: str | None = None) -> tuple[str, str]:
    """Name and version of the bundle that is written to `out`, from the folder where they are not given."""
    folder = out.resolve()
    name, version = name or folder.parent.name, version or folder.name
    if not NAME.fullmatch(name):
        raise TrainingError(f'The bundle would be called "{name}"; lower-case letters, digits, dots and dashes are expected: models/NAME/VERSION.')
    if not VERSION.fullmatch(version):
        raise TrainingError(f'The bundle would have the version "{version}"; one such as 1.0.0 is expected: models/NAME/VERSION.')
    return name, version


def started_from(saved: Mapping[str, Any]) -> dict[str, Any]:
    """What `trainedOn` of a manifest says of the bundle that a run started from; nothing where it started from none."""
    start = saved.get('started_from')
    return {} if start is None else {'startedFrom': start}


def start_in_words(trained: Mapping[str, Any]) -> str:
    """A sentence of a card on that bundle, with a space before it; empty where there is none."""
    start = trained.get('startedFrom')
    return '' if start is None else f' It started from the weights of {start["bundle"]}, whose {start["steps"]:,} steps are not counted here.'


def manifest_head(name: str, version: str, task: str, description: str, intended_use: str) -> dict[str, Any]:
    """The first keys of `bundle.json` of a bundle of our own."""
    return {
        'format': 'osteograph-bundle/2',
        'name': name,
        'version': version,
        'task': task,
        'description': description,
        'intendedUse': intended_use,
        'authors': ['The Osteograph authors'],
        'licence': 'MIT',
    }
