"""CLIP's image encoder (ViT-L/14: 303,966,208 parameters) with the names of OpenAI's checkpoints, and its preprocessing."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class ClipImageEncoder(nn.Module):
    """Grey image [B,1,H,W] in [-1,1] -> image embedding [B,embedding]."""

    def __init__(self, width: int, layers: int, heads: int, patch: int, size: int, embedding: int) -> None:
        super().__init__()
        self.size = size
        self.visual = VisionTransformer(width, layers, heads, patch, size, embedding)
        self.register_buffer('mean', torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer('deviation', torch.tensor(DEVIATION)[:, None, None], persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        # As Zero-123 does it, corners aligned and without antialiasing; CLIP's own resize gives another embedding.
        small = F.interpolate(image, (self.size, self.size), mode='bicubic', align_corners=True)
        return self.visual(((small + 1) / 2 - self.mean) / self.deviation)


class VisionTransformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, patch: int, size: int, embedding: int) -> None:
        super().__init__()
        scale = width**-0.5
        self.conv1 = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn((size // patch) ** 2 + 1, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(scale * torch.randn(width, embedding))

    def forward(self, image: Tensor) -> Tensor:
        patches = self.conv1(image).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(patches.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([first, patches], dim=1) + self.positional_embedding)
        for block in self.transformer.resblocks:
            x = block(x)
        return self.ln_post(x[:, 0]) @ self.proj


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = PackedAttention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Module()
        self.mlp.c_fc = nn.Linear(width, 4 * width)
        self.mlp.c_proj = nn.Linear(4 * width, width)
        self.ln_2 = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        hidden = self.mlp.c_fc(self.ln_2(x))
        # CLIP's "QuickGELU".
        return x + self.mlp.c_proj(hidden * torch.sigmoid(1.702 * hidden))


class PackedAttention(nn.Module):
    """nn.MultiheadAttention's parameters with plain operators, which export."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor) -> Tensor:
        packed = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in packed.chunk(3, dim=-1))
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))
