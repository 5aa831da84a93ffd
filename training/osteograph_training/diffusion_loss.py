"""What training the denoiser minimises: the weighted error of its prediction, and of the difference of pairs."""

import torch
from torch import Tensor

from .config import DiffusionConfig
from .models import Generator
from .pairs import pair_loss


def diffusion_loss(
    model: Generator,
    batch: dict[str, Tensor],
    alphas: Tensor,
    snr_cap: float,
    half: bool,
    prediction: str = 'v_prediction',
    options: DiffusionConfig | None = None,
) -> Tensor:
    """Squared error of the prediction.

    That of v has the weight of nearly clean samples capped: the error of the clean latent counts min(SNR + 1, cap). That of the noise
    (`epsilon`) counts as it is, as in the paper. `options` say what counts more: the joint, and the difference of pairs.
    """
    timestep = (batch['place'] * len(alphas)).long().clamp(max=len(alphas) - 1)
    alpha = alphas[timestep][:, None, None, None]
    sample = alpha.sqrt() * batch['clean'] + (1 - alpha).sqrt() * batch['noise']
    with torch.autocast(sample.device.type, torch.bfloat16, enabled=half):
        predicted = model(batch['xrays'], sample, timestep.float(), batch['depth'], batch['features'])
    if prediction == 'epsilon':
        error, weight = predicted.float() - batch['noise'], torch.ones_like(alpha)
    else:
        velocity = alpha.sqrt() * batch['noise'] - (1 - alpha).sqrt() * batch['clean']
        error, weight = predicted.float() - velocity, (snr_cap * (1 - alpha)).clamp(max=1.0)
    if options is None:
        return (weight * error.square()).mean()
    loss = (weight * joint_weights(error, options.joint_weight) * error.square()).mean()
    if 'differs' in batch:
        loss = loss + options.pair_weight * pair_loss(error, weight, batch, options.lesion_weight)
    return loss


def joint_weights(like: Tensor, extra: float) -> Tensor:
    """1, and `extra` more in the middle of a latent [1,1,32,32]: the joint and 40 mm around it."""
    weights = torch.ones(1, 1, *like.shape[2:], device=like.device)
    weights[:, :, 12:23, 7:25] += extra
    return weights
