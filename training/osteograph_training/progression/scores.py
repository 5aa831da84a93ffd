"""What a progression is judged by: joint space, identity, smoothness of the joint's edges, distance of feature sets."""

import numpy as np
import torch
from torch import Tensor

from ..reading.films import joint_window
from ..reading.grader import GraderEnsemble
from ..reading.joint_space import read_film_joint_space

#: Rows of a film above and below which there is shaft.
SHAFT = (56, 168)


def narrowest(film: np.ndarray) -> float:
    """Narrowest width of both compartments, % of the width; NaN where none could be traced. Float [224,224] in 0..255."""
    spaces = read_film_joint_space(np.clip(film, 0, 255) / 255, 'R').values()
    widths = [space.minimum for space in spaces if not isinstance(space, str)]
    return 100 * min(widths) / film.shape[1] if widths else float('nan')


def roughness(film: np.ndarray) -> float:
    """Root mean square of the second differences of all four traced edges, rows; NaN where a compartment could not be traced."""
    spaces = read_film_joint_space(np.clip(film, 0, 255) / 255, 'R').values()
    edges = [np.diff(edge, 2) for space in spaces if not isinstance(space, str) for edge in (space.femur, space.tibia)]
    return float(np.sqrt(np.mean(np.concatenate(edges) ** 2))) if len(edges) == 4 else float('nan')


def shaft_correlation(film: np.ndarray, other: np.ndarray) -> float:
    """Pearson correlation of the rows beyond the joint."""
    rows = np.r_[0 : SHAFT[0], SHAFT[1] : len(film)]
    return float(np.corrcoef(film[rows].ravel(), other[rows].ravel())[0, 1])


def psnr(film: np.ndarray, other: np.ndarray) -> float:
    """dB in the window of `other`, its 5th to 99th percentile being the range."""
    low, high = np.percentile(other, [5, 99])
    return float(-10 * np.log10(np.mean(((film - other) / (high - low)) ** 2)))


@torch.no_grad()
def judged(judge: GraderEnsemble, films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Films float [N,224,224] in 0..255 -> expected KL [N] and features [N,D], both as the judge sees them."""
    images = torch.from_numpy(np.clip(films, 0, 255)).float()[:, None]
    chances = torch.cat([judge(piece) for piece in images.split(64)]).double().numpy()
    features = torch.cat([_features(judge, piece) for piece in images.split(64)]).double().numpy()
    return chances @ np.arange(5), features


def kernel_distance(features: np.ndarray, other: np.ndarray) -> float:
    """Unbiased squared MMD with the cubic kernel of the KID (Binkowski et al. 2018), times 1,000."""
    size = features.shape[1]

    def kernel(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return (left @ right.T / size + 1) ** 3

    own, others = kernel(features, features), kernel(other, other)
    count, others_count = len(features), len(other)
    within = (own.sum() - np.trace(own)) / (count * (count - 1)) + (others.sum() - np.trace(others)) / (others_count * (others_count - 1))
    return float(1000 * (within - 2 * kernel(features, other).mean()))


def frechet_distance(features: np.ndarray, other: np.ndarray) -> float:
    """Between two normal distributions with the sets' means and covariances."""
    mean = features.mean(axis=0) - other.mean(axis=0)
    first, second = np.cov(features.T), np.cov(other.T)
    values = np.linalg.eigvals(first @ second)
    return float(mean @ mean + np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(values.real, 0)).sum())


def principal(features: np.ndarray, count: int = 16) -> np.ndarray:
    """Directions of most variance, [D,count], of features that are then projected on them."""
    return np.linalg.svd(features - features.mean(axis=0), full_matrices=False)[2][:count].T


def _features(judge: GraderEnsemble, films: Tensor) -> Tensor:
    window = joint_window(films)
    return torch.cat([(network.features(window) + network.features(window.flip(3))) / 2 for network in judge.networks], dim=1)
