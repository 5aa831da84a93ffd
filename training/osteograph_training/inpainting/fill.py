"""What a network starts from: hidden places filled smoothly, from neighbouring slices where these are seen.

`src/imaging/inpainting/fill.ts` computes the same; `test/golden/inpainting.py` pins it to this file.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

#: Slices on either side that a slice is filled in from.
NEIGHBOURS = 2

#: Slices of a window, the one to fill in being in its middle.
WINDOW = 2 * NEIGHBOURS + 1


def filled(window: Tensor, masks: Tensor) -> Tensor:
    """Slices and masks (1 = hidden) [B,5,H,W] -> the middle slice [B,1,H,W], its hidden places filled.

    A hidden pixel lies on the line through the nearest slices on either side in which it is seen, or has the value of the only one. What the
    middle slice's own seen pixels are beside such a line is carried smoothly into the mask and added.
    """
    middle, hidden = window[:, NEIGHBOURS : NEIGHBOURS + 1], masks[:, NEIGHBOURS : NEIGHBOURS + 1]
    line = between_slices(window, masks)
    return torch.where(hidden > 0, line + pulled_and_pushed(middle - line, 1 - hidden), middle)


def filled_inside(window: Tensor, masks: Tensor) -> Tensor:
    """The middle slice filled smoothly from itself alone, [B,1,H,W]; zeros where nothing of it is seen."""
    middle, hidden = window[:, NEIGHBOURS : NEIGHBOURS + 1], masks[:, NEIGHBOURS : NEIGHBOURS + 1]
    return torch.where(hidden > 0, pulled_and_pushed(middle, 1 - hidden), middle)


def between_slices(window: Tensor, masks: Tensor) -> Tensor:
    """The middle slice on lines between its seen neighbours alone, [B,1,H,W]; what no neighbour shows is filled smoothly from what they do."""
    return pulled_and_pushed(*_between(window, masks))


def _between(window: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """The value of each pixel on the line through its seen neighbours, and 1 where there is one, else 0; both [B,1,H,W]."""
    total, weight = torch.zeros_like(window[:, :1]), torch.zeros_like(window[:, :1])
    sides = []
    for side in (-1, 1):
        value, distance = torch.zeros_like(total), torch.full_like(total, torch.inf)
        for away in range(NEIGHBOURS, 0, -1):
            at = NEIGHBOURS + side * away
            seen = masks[:, at : at + 1] == 0
            value = torch.where(seen, window[:, at : at + 1], value)
            distance = torch.where(seen, torch.tensor(float(away)), distance)
        sides.append((value, distance))
    for value, distance in sides:
        share = torch.where(distance.isfinite(), 1 / distance, torch.zeros(()))
        total, weight = total + share * value, weight + share
    return total / weight.clamp(min=1e-6), (weight > 0).float()


def pulled_and_pushed(values: Tensor, known: Tensor) -> Tensor:
    """Values [B,1,H,W], of which those where `known` is 1 stay and the others are filled from coarser and coarser means (pull-push, Gortler et
    al. 1996); zeros where nothing is known."""
    rows, columns = values.shape[2:]
    if rows == 1 and columns == 1:
        return values * known
    padding = (0, columns % 2, 0, rows % 2)
    weighted, weights = F.pad(values * known, padding), F.pad(known, padding)
    weight = 4 * F.avg_pool2d(weights, 2)
    coarse = 4 * F.avg_pool2d(weighted, 2) / weight.clamp(min=1e-6)
    pulled = pulled_and_pushed(coarse, weight.clamp(max=1))
    pushed = F.interpolate(pulled, scale_factor=2, mode='bilinear', align_corners=False)[:, :, :rows, :columns]
    return known * values + (1 - known) * pushed
