"""The knee detector: a small convolutional network that says where on a film knees are, and how sure it is.

It sees the whole film at 192 x 256 pixels (about 1.6 mm on a bilateral film) and answers on a grid 8 pixels apart: a score that
falls off around each joint centre, and the square around the joint (CenterNet, Zhou et al. 2019, with one class). It also says what
the film shows, whether it is turned, and whether its greys are inverted.
"""

import dataclasses
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .checked_yaml import Count, NotNegative, Positive, Share, Steps
from .config import DataConfig

#: Rows and columns of the network's input, and input pixels per cell of its output.
FILM_ROWS, FILM_COLUMNS, STRIDE = 192, 256, 8
#: Side of a knee's square that the network's size output is relative to: that of a film 400 mm wide.
USUAL_SIDE = 59.0
#: Width of the neighbourhood whose contrast is evened out, in fours of input pixels.
LOCAL = 7
#: Spread of the score around a joint centre, cells.
SPREAD = 1.0
#: What a film may show, in the order of the network's output, and by how many quarter turns clockwise it may be turned.
SHOWS = ('BILATERAL', 'SINGLE', 'LATERAL', 'SKYLINE', 'NONE')
TURNS = 4
#: The index of what is not known of a film.
UNKNOWN = -1


@dataclass(frozen=True)
class DetectorOptions:
    """Widths at 1/4, 1/8 and 1/16 of the input, and how it is trained.

    Of a batch, `phantoms` are films of phantoms, a share `negatives` of them without a knee; `mixed` are such films with real knees set
    into them; the rest is composed of real knees, or shows another view.
    """

    fine: Count = 16
    middle: Count = 48
    coarse: Count = 64
    view: Count = 48
    batch: Count = 8
    phantoms: Count = 2
    mixed: Steps = 1
    steps: Steps = 600
    learning_rate: Positive = 3e-3
    warmup: Steps = 30
    decay_share: Share = 0.6
    weight_decay: NotNegative = 0.01
    ema: Share = 0.99
    negatives: Share = 0.12
    box_weight: NotNegative = 1.0
    view_weight: NotNegative = 0.5


@dataclass(frozen=True)
class DetectorConfig:
    """Everything a run of `train-detector` depends on, besides the films."""

    seed: Steps = 20261121
    threads: Count = 1
    checkpoint_minutes: NotNegative = 2.0
    log_every: Count = 20
    #: Real crops of one knee to learn from, at most.
    crops: Count = 2000
    data: DataConfig = field(default_factory=lambda: DataConfig(validation=0.1, test=0.2))
    detector: DetectorOptions = field(default_factory=DetectorOptions)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


class Detector(nn.Module):
    """Film [B,1,192,256] in [-1,1] -> scores as logits [B,1,24,32], boxes (column, row, side) in input pixels [B,3,24,32], and the view
    as logits [B,10]: SHOWS, TURNS, inverted."""

    def __init__(self, options: DetectorOptions) -> None:
        super().__init__()
        fine, middle, coarse = options.fine, options.middle, options.coarse
        self.stem = nn.Sequential(_convolution(2, 16, 2), _convolution(16, fine, 2), _Residual(fine))
        self.middle = nn.Sequential(_convolution(fine, middle, 2), _Residual(middle), _Residual(middle))
        self.coarse = nn.Sequential(_convolution(middle, coarse, 2), _Residual(coarse, 2), _Residual(coarse, 3))
        self.join = nn.Sequential(_convolution(middle + coarse, middle, 1), _Residual(middle))
        self.view = nn.Sequential(_convolution(coarse, options.view, 2), _Residual(options.view))
        self.judge = nn.Linear(2 * options.view, len(SHOWS) + TURNS + 1)
        self.score = nn.Conv2d(middle, 1, 1)
        self.place = nn.Conv2d(middle, 3, 1)
        nn.init.constant_(self.score.bias, -4.0)
        nn.init.zeros_(self.place.weight)
        nn.init.zeros_(self.place.bias)
        rows = torch.arange(FILM_ROWS // STRIDE, dtype=torch.float32) + 0.5
        columns = torch.arange(FILM_COLUMNS // STRIDE, dtype=torch.float32) + 0.5
        self.register_buffer('cells', torch.stack(torch.meshgrid(rows, columns, indexing='ij')).flip(0)[None], persistent=False)

    def forward(self, film: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        middle = self.middle(self.stem(torch.cat([film, even_contrast(film)], dim=1)))
        coarse = self.coarse(middle)
        view = self.view(coarse)
        judged = self.judge(torch.cat([view.mean(dim=(2, 3)), view.amax(dim=(2, 3))], dim=1))
        hidden = self.join(torch.cat([middle, F.interpolate(coarse, scale_factor=2.0, mode='nearest')], dim=1))
        place = self.place(hidden)
        centre = (self.cells + place[:, :2]) * STRIDE
        side = USUAL_SIDE * torch.exp(place[:, 2:].clamp(-2.0, 2.0))
        return self.score(hidden), torch.cat([centre, side], dim=1), judged


class DetectorGraph(nn.Module):
    """What is exported: film -> heatmap [B,1,24,32] in [0,1] and boxes [B,3,24,32]; with `views` also the chances shows [B,5], turned [B,4]
    and inverted [B,1]."""

    def __init__(self, detector: Detector, views: bool) -> None:
        super().__init__()
        self.detector, self.views = detector, views

    def forward(self, film: Tensor) -> tuple[Tensor, ...]:
        scores, boxes, view = self.detector(film)
        if not self.views:
            return torch.sigmoid(scores), boxes
        shows, turned, inverted = split_view(view)
        return torch.sigmoid(scores), boxes, torch.softmax(shows, dim=1), torch.softmax(turned, dim=1), torch.sigmoid(inverted)


def split_view(view: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[B,10] -> what the film shows [B,5], how it is turned [B,4], whether it is inverted [B,1]."""
    return view[:, : len(SHOWS)], view[:, len(SHOWS) : -1], view[:, -1:]


def even_contrast(film: Tensor) -> Tensor:
    """The film less its local mean, over its local spread: exposures and soft-tissue shadows cancel out.

    Both are taken on a film a quarter as wide, which makes no difference to them and all to the time they take.
    """
    mean, square = _local_mean(film), _local_mean(film.square())
    spread = (square - mean.square()).clamp(min=0).sqrt()
    return (film - mean) / (spread + 0.02)


def _local_mean(film: Tensor) -> Tensor:
    """Mean over some 28 x 28 input pixels."""
    small = F.avg_pool2d(F.avg_pool2d(film, 4), LOCAL, 1, LOCAL // 2, count_include_pad=False)
    return F.interpolate(small, scale_factor=4.0, mode='bilinear', align_corners=False)


def targets(places: list[Tensor], rows: int = FILM_ROWS, columns: int = FILM_COLUMNS) -> tuple[Tensor, Tensor]:
    """Wanted scores [B,1,h,w] and boxes [B,3,h,w] of films whose knees lie at (column, row, side) [K,3], input pixels.

    The score is 1 in the cell of each joint centre and a Gaussian around it; every cell is given the box of the knee nearest to it.
    """
    height, width = rows // STRIDE, columns // STRIDE
    scores, boxes = torch.zeros(len(places), 1, height, width), torch.zeros(len(places), 3, height, width)
    boxes[:, 2] = USUAL_SIDE
    down, across = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    for index, knees in enumerate(places):
        for column, row, side in knees.tolist():
            cell_column, cell_row = int(column // STRIDE), int(row // STRIDE)
            if not (0 <= cell_column < width and 0 <= cell_row < height):
                continue
            bell = torch.exp(-((across - cell_column) ** 2 + (down - cell_row) ** 2) / (2 * SPREAD**2))
            nearer = bell > scores[index, 0]
            scores[index, 0] = torch.maximum(scores[index, 0], bell)
            boxes[index][:, nearer] = torch.tensor([column, row, side])[:, None]
    return scores, boxes


def view_loss(view: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of what films show, how they are turned, and whether they are inverted; `wanted` int64 [B,3], UNKNOWN does not count."""
    shows, turned, inverted = split_view(view)
    losses = [F.cross_entropy(shows, wanted[:, 0], ignore_index=UNKNOWN, reduction='sum')]
    losses.append(F.cross_entropy(turned, wanted[:, 1], ignore_index=UNKNOWN, reduction='sum'))
    losses.append(F.binary_cross_entropy_with_logits(inverted[:, 0], wanted[:, 2].float(), reduction='sum'))
    return torch.stack(losses).sum() / len(view)


def detector_loss(found: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor], box_weight: float) -> Tensor:
    """Focal loss of the scores (CornerNet's, alpha 2, beta 4) and absolute error of the boxes in cells, near joint centres."""
    (logits, boxes), (scores, true_boxes) = found, wanted
    chance = torch.sigmoid(logits)
    centre = (scores == 1).float()
    hits = centre * (1 - chance).square() * F.logsigmoid(logits)
    misses = (1 - centre) * (1 - scores).pow(4) * chance.square() * F.logsigmoid(-logits)
    knees = centre.sum().clamp(min=1)
    weight = scores * (scores > 0.3)
    middle = F.smooth_l1_loss(boxes[:, :2] / STRIDE, true_boxes[:, :2] / STRIDE, reduction='none', beta=0.1).sum(1, keepdim=True)
    size = F.smooth_l1_loss(boxes[:, 2:].log(), true_boxes[:, 2:].log(), reduction='none', beta=0.02)
    return -(hits + misses).sum() / knees + box_weight * (weight * (middle + 6 * size)).sum() / weight.sum().clamp(min=1)


@dataclass(frozen=True)
class Found:
    """A knee found on the network's input: joint centre and side of its square in input pixels, and how sure the network is."""

    column: float
    row: float
    side: float
    confidence: float


def decode(heatmap: Tensor, boxes: Tensor, most: int = 6) -> list[Found]:
    """Peaks of one film's heatmap [1,h,w], surest first; each box is the mean of those around the peak, weighted by their scores.

    src/inference/knee-detector.ts does the same.
    """
    peaks = (heatmap == F.max_pool2d(heatmap[None], 3, 1, 1)[0])[0].nonzero().tolist()
    found = []
    for row, column in peaks:
        top, left = max(row - 1, 0), max(column - 1, 0)
        weights = heatmap[0, top : row + 2, left : column + 2]
        around = boxes[:, top : row + 2, left : column + 2]
        box = (around * weights).sum(dim=(1, 2)) / weights.sum()
        centre_column, centre_row, side = box.tolist()
        found.append(Found(centre_column, centre_row, side, float(heatmap[0, row, column])))
    return sorted(found, key=lambda knee: -knee.confidence)[:most]


def overlap(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """Intersection over union of two squares given as (column, row, side)."""
    across = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    down = min(a[1] + a[2] / 2, b[1] + b[2] / 2) - max(a[1] - a[2] / 2, b[1] - b[2] / 2)
    common = max(across, 0.0) * max(down, 0.0)
    return common / (a[2] ** 2 + b[2] ** 2 - common)


def _convolution(inward: int, outward: int, stride: int) -> nn.Sequential:
    size = 1 if stride == 1 else 3
    return nn.Sequential(nn.Conv2d(inward, outward, size, stride, size // 2, bias=False), nn.GroupNorm(8, outward), nn.ReLU())


class _Residual(nn.Module):
    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.GroupNorm(8, width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.GroupNorm(8, width),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        return F.relu(hidden + self.layers(hidden))
