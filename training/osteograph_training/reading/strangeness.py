"""Whether a picture is the film of a knee at all: logistic regression on statistics of a grader's layers, knees against what is none."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .films import FILM_SIZE
from .grader import Grader

#: Weight of the squared coefficients beside the mean loss.
PENALTY = 1e-3


class Strangeness(nn.Module):
    """Statistics [B,S] of {@link layer_statistics} -> [B], from 0 for a knee to 1 for what is none."""

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer('mean', mean)
        self.register_buffer('scale', scale)
        self.line = nn.Linear(len(mean), 1)
        nn.init.zeros_(self.line.weight)
        nn.init.zeros_(self.line.bias)

    def logit(self, statistics: Tensor) -> Tensor:
        # Pictures unlike any of training would otherwise decide by one statistic alone.
        return self.line(((statistics - self.mean) / self.scale).clamp(-6, 6))[:, 0]

    def forward(self, statistics: Tensor) -> Tensor:
        return self.logit(statistics).sigmoid()


def layer_statistics(network: Grader, window: Tensor) -> Tensor:
    """Mean and deviation of every channel after the stem and after each block, [B,S]: texture from the first, shape from the last."""
    hidden = network.stem(window)
    found = [_statistics(hidden)]
    for block in network.body:
        hidden = block(hidden)
        found.append(_statistics(hidden))
    return torch.cat(found, dim=1)


def fit_strangeness(knees: Tensor, others: Tensor) -> Strangeness:
    """From the statistics of films of knees and of what is none, [N,S] and [M,S]."""
    both = torch.cat([knees, others])
    deviation = both.std(dim=0)
    # Statistics that hardly change say nothing, and would only magnify rounding.
    fitted = Strangeness(knees.mean(dim=0), deviation + 0.05 * deviation.mean() + 1e-3)
    wanted = torch.cat([torch.zeros(len(knees)), torch.ones(len(others))])
    weights = torch.where(wanted > 0, len(knees) / len(others), 1.0)
    optimiser = torch.optim.LBFGS(fitted.line.parameters(), max_iter=200, line_search_fn='strong_wolfe')

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(fitted.logit(both), wanted, weights) + PENALTY * fitted.line.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return fitted.eval()


def no_knees(films: Tensor, stream: torch.Generator) -> Tensor:
    """What is no film of an upright knee, made of films uint8 [B,1,224,224] and of nothing: float 0..255, one of ten kinds each."""
    made = [_KINDS[index % len(_KINDS)](film[None].float(), stream) for index, film in enumerate(films)]
    return torch.cat(made).clamp(0, 255)


def _statistics(hidden: Tensor) -> Tensor:
    return torch.cat([hidden.mean(dim=(2, 3)), hidden.std(dim=(2, 3))], dim=1)


def _turned(film: Tensor, stream: torch.Generator) -> Tensor:
    return film.rot90(int(torch.randint(1, 4, (1,), generator=stream)), (2, 3))


def _inverted(film: Tensor, stream: torch.Generator) -> Tensor:
    return 255 - film


def _beside_the_joint(film: Tensor, stream: torch.Generator) -> Tensor:
    """A quarter of the film, from above or below the joint, as large as a film."""
    quarter = FILM_SIZE // 4
    top = 0 if torch.rand(1, generator=stream) < 0.5 else FILM_SIZE - quarter
    left = int(torch.randint(0, FILM_SIZE - quarter, (1,), generator=stream))
    return _as_large(film[:, :, top : top + quarter, left : left + quarter])


def _shuffled(film: Tensor, stream: torch.Generator) -> Tensor:
    side = FILM_SIZE // 4
    order = torch.randperm(16, generator=stream)
    patches = film.unfold(2, side, side).unfold(3, side, side).reshape(1, 1, 16, side, side)[:, :, order]
    return patches.reshape(1, 1, 4, 4, side, side).permute(0, 1, 2, 4, 3, 5).reshape(1, 1, FILM_SIZE, FILM_SIZE)


def _small(film: Tensor, stream: torch.Generator) -> Tensor:
    """The film a third as large, again and again."""
    third = F.interpolate(film, size=FILM_SIZE // 3, mode='bilinear', antialias=True)
    return F.pad(third.repeat(1, 1, 3, 3), (0, FILM_SIZE % 3, 0, FILM_SIZE % 3))


def _even(film: Tensor, stream: torch.Generator) -> Tensor:
    return torch.full_like(film, 255 * torch.rand(1, generator=stream).item()) + torch.randn(film.shape, generator=stream)


def _noise(film: Tensor, stream: torch.Generator) -> Tensor:
    """Noise of any coarseness."""
    size = int(2 ** (1 + 6.5 * torch.rand(1, generator=stream).item()))
    return _as_large(torch.rand(1, 1, size, size, generator=stream) * 255)


def _ramp(film: Tensor, stream: torch.Generator) -> Tensor:
    angle = 2 * math.pi * torch.rand(1, generator=stream).item()
    place = torch.linspace(-1, 1, FILM_SIZE)
    return (127 + 127 * (math.cos(angle) * place[None] + math.sin(angle) * place[:, None]))[None, None]


def _shapes(film: Tensor, stream: torch.Generator) -> Tensor:
    """Rectangles and discs of any grey, as scenes, hands and letters have edges."""
    picture = torch.full((1, 1, FILM_SIZE, FILM_SIZE), 255 * torch.rand(1, generator=stream).item())
    down, across = torch.meshgrid(torch.arange(FILM_SIZE), torch.arange(FILM_SIZE), indexing='ij')
    for _ in range(int(torch.randint(3, 60, (1,), generator=stream))):
        row, column, height, width, grey, kind = torch.rand(6, generator=stream).tolist()
        rows, columns = (down - row * FILM_SIZE).abs() / (3 + height * 50), (across - column * FILM_SIZE).abs() / (3 + width * 50)
        inside = torch.maximum(rows, columns) < 1 if kind < 0.5 else rows**2 + columns**2 < 1
        picture[0, 0][inside] = 255 * grey
    return picture


def _wavy(film: Tensor, stream: torch.Generator) -> Tensor:
    """Fields with the spectrum of natural pictures."""
    frequencies = torch.fft.fftfreq(FILM_SIZE).square()
    strength = 1 / (frequencies[:, None] + frequencies[None] + 1e-5).pow(0.3 + 0.4 * torch.rand(1, generator=stream).item())
    field = torch.fft.ifft2(torch.fft.fft2(torch.randn(FILM_SIZE, FILM_SIZE, generator=stream)) * strength).real
    return (127 + 50 * (field - field.mean()) / field.std())[None, None]


def _as_large(picture: Tensor) -> Tensor:
    return F.interpolate(picture, size=FILM_SIZE, mode='bilinear', align_corners=False)


_KINDS = (_turned, _inverted, _beside_the_joint, _shuffled, _small, _even, _noise, _ramp, _shapes, _wavy)
