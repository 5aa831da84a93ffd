"""YAML read into dataclasses whose types say what each value may be; every fault is named in a sentence of its own."""

import dataclasses
import math
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml

from .errors import TrainingError


@dataclass(frozen=True)
class Within:
    """Bounds of a number, both accepted themselves."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        return f'at least {self.low:g}' if self.high == math.inf else f'from {self.low:g} to {self.high:g}'


Count = Annotated[int, Within(1)]
Steps = Annotated[int, Within(0)]
Share = Annotated[float, Within(0, 1)]
#: Learning rates and other numbers that must be above zero.
Positive = Annotated[float, Within(1e-12)]
NotNegative = Annotated[float, Within(0)]
Widths = tuple[Count, ...]
Codes = tuple[str, ...]
Kind = typing.TypeVar('Kind')


def read_yaml(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding='utf-8')) or {}
    except (OSError, yaml.YAMLError) as error:
        raise TrainingError(f'{path} could not be read as YAML: {error}') from error


def config_of(kind: type[Kind], content: object, where: str) -> Kind:
    """Content of a YAML file as a configuration of another dataclass than Config, checked as that is."""
    faults: list[str] = []
    config = built(kind, content, where, faults)
    if faults:
        raise TrainingError('\n'.join(faults))
    return config


def built(kind: type, content: object, where: str, faults: list[str]) -> typing.Any:
    """Content of a YAML file as the dataclass `kind`; appends a sentence to `faults` for every key and value that is not accepted."""
    if not isinstance(content, dict):
        faults.append(f'{where}: a mapping is expected, not {content!r}.')
        return kind()
    hints = typing.get_type_hints(kind, include_extras=True)
    values = {}
    for key, value in content.items():
        if key in hints:
            values[key] = _value(hints[key], value, f'{where}: {key}', faults)
        else:
            faults.append(f'{where}: unknown key {key!r}; known are {", ".join(sorted(hints))}.')
    return kind(**values)


def _value(hint: typing.Any, value: object, where: str, faults: list[str]) -> typing.Any:
    """The value as the type that `hint` names; appends a sentence to `faults` when it is not one."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return built(hint, value, where, faults)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _value(arguments[0], value, where, faults)
    if origin is Literal:
        if value not in arguments:
            faults.append(f'{where} is {value!r}; accepted are {", ".join(arguments)}.')
        return value
    if origin is tuple:
        # Lists of widths hold at least one; lists of names may be empty.
        if isinstance(value, list | tuple) and (value or arguments[0] is str):
            return tuple(_value(arguments[0], item, f'{where}[{place}]', faults) for place, item in enumerate(value))
        faults.append(f'{where} is {value!r}; a list of {"names" if arguments[0] is str else "whole numbers"} is expected.')
        return value
    if origin is Annotated:
        number = _value(arguments[0], value, where, faults)
        bounds: Within = arguments[1]
        if type(number) in (int, float) and not bounds.low <= number <= bounds.high:
            faults.append(f'{where} is {value!r}; {_noun(arguments[0])} {bounds} is expected.')
        return number
    if hint is float:
        # YAML 1.1 takes 1e-6, without a point, for text.
        try:
            if not isinstance(value, bool):
                return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
    elif type(value) is hint:
        return value
    faults.append(f'{where} is {value!r}; {_noun(hint)} is expected.')
    return value


def _noun(hint: type) -> str:
    return {int: 'a whole number', float: 'a number', bool: 'true or false', str: 'text'}[hint]
