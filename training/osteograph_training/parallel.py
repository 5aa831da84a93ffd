"""Data-parallel training over processes of one machine.

One single-threaded process per core beats threads inside one process when the cores are shared with other work: threads wait for
each other at every layer, processes only once per step.
"""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
from torch import Tensor

from .runlog import check_finite


@dataclass(frozen=True)
class Group:
    """This process's place among those that train together."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch that all processes drew alike."""
        return batch.chunk(self.size)[self.rank]

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.size
        for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))


def optimise(model: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, rate: float, step: int, group: Group) -> None:
    """One step down the group's mean gradient, its norm clipped to 1; raises TrainingError on a loss that is not finite."""
    for settings in optimiser.param_groups:
        settings['lr'] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    group.average_gradients(model.parameters())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    check_finite(loss.item(), step)
    optimiser.step()


def run_group(work: Callable[..., None], processes: int, threads: int, *arguments: object) -> None:
    """Runs `work(group, *arguments)` in each of the processes; in this one when there is but one."""
    if processes == 1:
        torch.set_num_threads(threads)
        work(Group(0, 1), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = f'file://{os.path.join(folder, "meeting")}'
        multiprocessing.spawn(_enter, (processes, threads, meeting, work, arguments), nprocs=processes)


def _enter(rank: int, size: int, threads: int, meeting: str, work: Callable[..., None], arguments: tuple) -> None:
    torch.set_num_threads(threads)
    distributed.init_process_group('gloo', init_method=meeting, rank=rank, world_size=size)
    try:
        work(Group(rank, size), *arguments)
    finally:
        distributed.destroy_process_group()
