"""Data-parallel training: over processes of one machine (`processes` of the configuration), or wherever torchrun starts this program.

One single-threaded process per core beats threads inside one process when the cores are shared with other work: threads wait for
each other at every layer, processes only once per step.
"""

import datetime
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
import torch.distributed as distributed
import torch.multiprocessing as multiprocessing
from torch import Tensor

from .errors import TrainingError
from .runlog import check_finite

#: Gradients travel in buckets of this many numbers, so that no second copy of all of them is needed.
BUCKET = 1 << 25

#: How long the others wait for the one that prepares something, such as the cached latents.
PATIENCE = datetime.timedelta(hours=4)

#: Exit code of a process that has said in a sentence what is wrong.
FAULT = 2


@dataclass(frozen=True)
class Group:
    """This process's place among those that train together, and the device it computes on."""

    rank: int
    size: int
    device: torch.device = field(default_factory=lambda: torch.device('cpu'))

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch that all processes drew alike."""
        return batch.chunk(self.size)[self.rank].to(self.device)

    def wait(self) -> None:
        """Returns when every process has come this far."""
        if self.size > 1:
            distributed.barrier()

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        if self.size == 1:
            return
        for gradients in _buckets(parameter.grad for parameter in parameters if parameter.grad is not None):
            flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
            distributed.all_reduce(flat)
            flat /= self.size
            for gradient, part in zip(gradients, flat.split([gradient.numel() for gradient in gradients]), strict=True):
                gradient.copy_(part.view_as(gradient))


def optimise(model: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, rate: float, step: int, group: Group) -> None:
    """One step down the group's mean gradient of `loss`; see `descend`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    descend(model, optimiser, loss.item(), rate, step, group)


def descend(model: torch.nn.Module, optimiser: torch.optim.Optimizer, loss: float, rate: float, step: int, group: Group) -> None:
    """One step down the group's mean gradient, its norm clipped to 1.

    Raises TrainingError, in every process, when the loss of any is not finite; the weights are then still those of the step before.
    """
    for settings in optimiser.param_groups:
        settings['lr'] = rate
    group.average_gradients(model.parameters())
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    check_finite(loss, step)
    # A loss that is not finite elsewhere in the group arrives here as a gradient.
    check_finite(norm.item(), step, 'norm of the gradient')
    optimiser.step()


def run_group(work: Callable[..., None], processes: int, threads: int, *arguments: object, device: str = 'cpu') -> None:
    """Runs `work(group, *arguments)` in each of the processes; in this one when there is but one.

    Under torchrun this process is one of those that it started, and `processes` does not count. `device` is `auto` (CUDA where there
    is a card), `cpu` or `cuda`; there are never more processes than cards.
    """
    if 'RANK' in os.environ and 'WORLD_SIZE' in os.environ:
        rank, size = int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])
        _enter_group(rank, size, int(os.environ.get('LOCAL_RANK', rank)), threads, 'env://', device, work, arguments)
        return
    if pick_device(device).type == 'cuda':
        processes = min(processes, torch.cuda.device_count())
    if processes == 1:
        torch.set_num_threads(threads)
        work(Group(0, 1, pick_device(device)), *arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        meeting = f'file://{os.path.join(folder, "meeting")}'
        try:
            multiprocessing.spawn(_enter, (processes, threads, meeting, device, work, arguments), nprocs=processes)
        except multiprocessing.ProcessExitedException as stopped:
            if stopped.exit_code != FAULT:
                raise
            raise TrainingError('Training stopped for the reason above.') from stopped


def pick_device(choice: str, place: int = 0) -> torch.device:
    """The device of the process at `place` on this machine."""
    available = torch.cuda.is_available()
    if choice == 'cuda' and not available:
        raise TrainingError('The device is cuda, but PyTorch finds no CUDA card here; cpu and auto are accepted.')
    if choice == 'cpu' or not available:
        return torch.device('cpu')
    return torch.device('cuda', place % torch.cuda.device_count())


def _enter(rank: int, size: int, threads: int, meeting: str, device: str, work: Callable[..., None], arguments: tuple) -> None:
    try:
        _enter_group(rank, size, rank, threads, meeting, device, work, arguments)
    except TrainingError as error:
        # An exception would reach the first process as a traceback of two processes.
        print(error, file=sys.stderr)
        sys.exit(FAULT)


def _enter_group(rank: int, size: int, place: int, threads: int, meeting: str, device: str, work: Callable[..., None], arguments: tuple) -> None:
    torch.set_num_threads(threads)
    own = pick_device(device, place)
    if own.type == 'cuda':
        torch.cuda.set_device(own)
    backend = 'nccl' if own.type == 'cuda' else 'gloo'
    distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=size, timeout=PATIENCE)
    try:
        work(Group(rank, size, own), *arguments)
    finally:
        distributed.destroy_process_group()


def _buckets(gradients: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    bucket: list[Tensor] = []
    for gradient in gradients:
        bucket.append(gradient)
        if sum(one.numel() for one in bucket) >= BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket
