"""What hides parts of a series: metal, a cut edge of the field of view, rectangles, whole lost slices. Masks are [B,5,H,W], 1 = hidden."""

import math

import torch
from torch import Tensor

from .fill import NEIGHBOURS, WINDOW

#: What networks are trained for and scored on.
KINDS = ('metal', 'edge', 'rectangle', 'lost slice')

#: How often each is trained on.
SHARES = (0.5, 0.15, 0.2, 0.15)

#: How often the cut edge reaches into all slices, a rectangle into the neighbours, and a neighbour of a lost slice is lost too.
THROUGH_EDGE, THROUGH_RECTANGLE, LOST_TOO = 0.8, 0.4, 0.2


#: Brightness, white being 1, above which a pixel is tissue.
TISSUE = 0.1


def random_masks(kinds: list[str], slices: Tensor, stream: torch.Generator) -> Tensor:
    """One mask of each of `kinds` for each of `slices` [B,H,W]; every one hides some of the middle slice, metal and rectangles some tissue."""
    masks = []
    for kind, image in zip(kinds, slices, strict=True):
        rows, columns = image.shape
        places = torch.nonzero(image > TISSUE)
        at = int(_chance(stream) * len(places))
        centre = (int(places[at, 0]), int(places[at, 1])) if len(places) else (rows // 2, columns // 2)
        if kind == 'metal':
            masks.append(_metal(rows, columns, centre, stream))
        elif kind == 'rectangle':
            masks.append(_rectangle(rows, columns, centre, stream))
        else:
            masks.append((_edge if kind == 'edge' else _lost)(rows, columns, stream))
    return torch.stack(masks)


def random_kinds(count: int, stream: torch.Generator) -> list[str]:
    drawn = torch.multinomial(torch.tensor(SHARES), count, replacement=True, generator=stream)
    return [KINDS[index] for index in drawn.tolist()]


def _metal(rows: int, columns: int, centre: tuple[int, int], stream: torch.Generator) -> Tensor:
    """One to three overlapping ellipsoids, half axes 3 to 20 pixels and .4 to 4 slices, their outline wavy."""
    slices, down, across = _grid(rows, columns)
    hidden = torch.zeros(WINDOW, rows, columns, dtype=torch.bool)
    for _ in range(1 + int(3 * _chance(stream))):
        tall, wide, deep, offset_down, offset_across, turn, waves = (_chance(stream) for _ in range(7))
        half_rows, half_columns, half_slices = 3 + 17 * tall**2, 3 + 17 * wide**2, 0.4 + 3.6 * deep
        y, x = down - centre[0] - 12 * (offset_down - 0.5), across - centre[1] - 12 * (offset_across - 0.5)
        angle = math.pi * turn
        along, beside = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
        wavy = 1 + 0.2 * torch.sin(3 * torch.atan2(beside, along) + 6 * waves)
        hidden |= ((along / half_columns) ** 2 + (beside / half_rows) ** 2) / wavy**2 + (slices / half_slices) ** 2 < 1
    hidden[NEIGHBOURS, centre[0], centre[1]] = True
    return hidden.float()


def _edge(rows: int, columns: int, stream: torch.Generator) -> Tensor:
    """A strip of 4 to 28 % along one side, slanted by up to 6 degrees."""
    _, down, across = _grid(rows, columns)
    side, width, slant, through = (_chance(stream) for _ in range(4))
    across_side = side < 0.5
    from_side = across if across_side else down
    along, length = (down, columns) if across_side else (across, rows)
    if side % 0.5 < 0.25:
        from_side = length - 1 - from_side
    strip = from_side < (0.04 + 0.24 * width) * length + 0.2 * (slant - 0.5) * (along - along.max() / 2)
    strip = strip | (from_side < 2)
    hidden = torch.zeros(WINDOW, rows, columns)
    hidden[NEIGHBOURS] = strip[0].float()
    return strip[0].float().expand(WINDOW, rows, columns).clone() if through < THROUGH_EDGE else hidden


def _rectangle(rows: int, columns: int, centre: tuple[int, int], stream: torch.Generator) -> Tensor:
    """A rectangle around `centre`, as far as it stays in the slice, with sides of 12 to 70 pixels and at most half the slice's; now and then in the
    next slices too."""
    height, width, through = (_chance(stream) for _ in range(3))
    tall, wide = (min(12 + int(58 * share), size // 2) for share, size in ((height, rows), (width, columns)))
    first_row, first_column = (
        min(max(middle - side // 2, 0), size - side) for middle, side, size in zip(centre, (tall, wide), (rows, columns), strict=True)
    )
    hidden = torch.zeros(WINDOW, rows, columns)
    slices = slice(NEIGHBOURS - 1, NEIGHBOURS + 2) if through < THROUGH_RECTANGLE else slice(NEIGHBOURS, NEIGHBOURS + 1)
    hidden[slices, first_row : first_row + tall, first_column : first_column + wide] = 1
    return hidden


def _lost(rows: int, columns: int, stream: torch.Generator) -> Tensor:
    """The whole slice, and now and then the next one on one side."""
    hidden = torch.zeros(WINDOW, rows, columns)
    hidden[NEIGHBOURS] = 1
    too = _chance(stream)
    if too < LOST_TOO:
        hidden[NEIGHBOURS + (1 if too < LOST_TOO / 2 else -1)] = 1
    return hidden


def _grid(rows: int, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """How far each voxel lies from the middle slice, and its row and column; broadcast to [5,H,W]."""
    slices = torch.arange(WINDOW, dtype=torch.float32)[:, None, None] - NEIGHBOURS
    return slices, torch.arange(rows, dtype=torch.float32)[None, :, None], torch.arange(columns, dtype=torch.float32)[None, None]


def _chance(stream: torch.Generator) -> float:
    return torch.rand(1, generator=stream).item()
