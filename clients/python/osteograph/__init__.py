"""Cohorts of knees as pandas frames, their images as NumPy arrays, and live generations, from an Osteograph server.

import osteograph

server = osteograph.connect('http://127.0.0.1:4000', token)
knees = server.cohort(where={'visit': {'eq': 'V00'}, 'kl': {'gte': 2}}).frame()
"""

from .client import Osteograph, connect
from .cohorts import Cohort
from .errors import (
    BadInputError,
    ConflictError,
    FailedError,
    ForbiddenError,
    LimitExceededError,
    NetworkError,
    NotFoundError,
    OsteographError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from .frames import dictionary
from .generations import Generation
from .images import Film, Volume
from .survival import Survival

__all__ = [
    'BadInputError',
    'Cohort',
    'ConflictError',
    'FailedError',
    'Film',
    'ForbiddenError',
    'Generation',
    'LimitExceededError',
    'NetworkError',
    'NotFoundError',
    'Osteograph',
    'OsteographError',
    'RateLimitedError',
    'Survival',
    'UnauthenticatedError',
    'UnavailableError',
    'Volume',
    'connect',
    'dictionary',
]
