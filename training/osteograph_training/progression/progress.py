"""One film from its own KL grade to another, frame by frame: the reference of src/imaging/progression/frames.ts."""

import numpy as np
import torch

from ..restoration.degrade import window_of
from ..restoration.restorer import Restorer
from .amplitude import Compartment, Widths, shares, way
from .field import JointLine, closing, displacement, warped
from .remodel import added, enlarged, joint_maps, line_tensors, pictures


def progress(
    film: np.ndarray,
    line: JointLine,
    widths: Widths,
    compartment: Compartment,
    own: int,
    wished: int,
    frames: int = 9,
    network: Restorer | None = None,
    amplitude: float = 1.0,
    closed: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """A right knee, float [224,224] in 0..255 -> frames float64 [N,224,224] and their fields float64 [N,224,224].

    Without a network the joint is closed and nothing is added; with `closed` false the joint stays and only the network's part is added.
    """
    medial, lateral = shares(widths, compartment, own, wished)
    gaps = closing(lateral, medial)
    grades, times = way(widths, compartment, own, wished, frames)
    fields = np.stack([displacement(line, gaps, time if closed else 0.0, len(film)) for time in times])
    made = np.stack([warped(film, field) for field in fields])
    if network is None or amplitude == 0:
        return made, fields
    low, high = window_of(torch.from_numpy(film)[None, None].float())
    picture, _, _ = pictures(torch.from_numpy(made[:, None]).float(), (low, high))
    halves = np.stack([line.half * gaps ** (time if closed else 0.0) for time in times])
    space, near = joint_maps(*line_tensors(np.repeat(line.middle[None], frames, axis=0), halves))
    affected = torch.tensor([[compartment != 'lateral', compartment != 'medial']] * frames)
    own_grades = torch.full((frames,), float(own))
    addition = added(network, picture, space, near, own_grades, torch.from_numpy(grades).float(), affected)
    addition[0] = 0
    return made + amplitude * (enlarged(addition) * (high - low))[:, 0].double().numpy(), fields
