"""The platform's keyed noise: Philox 4x32-10 and Box-Muller, the same numbers as the TypeScript implementation.

Key = (low, high) 32 bits of the seed; counter = (block, slice, step, 0). A block gives four words, and they four normal
deviates; block b fills elements 4b to 4b + 3 of the latent in C order.
"""

import numpy as np

MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)


def philox(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Ten rounds of Philox 4x32; `counter` is uint32 [N,4], so is the result."""
    words = [counter[:, index].astype(np.uint64) for index in range(4)]
    key_low, key_high = key
    for _ in range(10):
        first, second = MULTIPLIERS[0] * words[0], MULTIPLIERS[1] * words[2]
        words = [
            (second >> np.uint64(32)) ^ words[1] ^ np.uint64(key_low),
            second & MASK,
            (first >> np.uint64(32)) ^ words[3] ^ np.uint64(key_high),
            first & MASK,
        ]
        key_low, key_high = (key_low + WEYL[0]) & 0xFFFFFFFF, (key_high + WEYL[1]) & 0xFFFFFFFF
    return np.stack(words, axis=1).astype(np.uint32)


def keyed_noise(seed: int, slice_index: int, step: int, shape: tuple[int, ...] = (4, 32, 32)) -> np.ndarray:
    """Standard normal float32 array of `shape`; `seed` is an integer from 0 to 2**53 - 1."""
    if not 0 <= seed < 2**53:
        raise ValueError(f'The seed is {seed}; integers from 0 to 2**53 - 1 are accepted.')
    size = int(np.prod(shape))
    blocks = (size + 3) // 4
    counter = np.zeros((blocks, 4), dtype=np.uint32)
    counter[:, 0] = np.arange(blocks, dtype=np.uint32)
    counter[:, 1] = slice_index
    counter[:, 2] = step
    uniform = (philox(counter, (seed & 0xFFFFFFFF, seed >> 32)).astype(np.float64) + 0.5) / 2**32
    radius = np.sqrt(-2.0 * np.log(uniform[:, 0::2]))
    angle = 2.0 * np.pi * uniform[:, 1::2]
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    return normal.reshape(-1)[:size].astype(np.float32).reshape(shape)
