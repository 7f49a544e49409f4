"""A training step as a CUDA graph: all its kernels in one launch.

It pays where the host takes longer to launch the kernels one by one than the device takes to compute them. The graph
records the step on a batch of one size: gathering the examples, forward, loss, backward, totals, update. Nothing in it
may wait for the device. It draws random numbers from torch's generator and advances it as the single kernels would, so
that dropout is the same with and without it, and after a checkpoint, which has the state of the generator.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

import torch
from torch import Tensor

from mgu.train.device_nadam import DeviceNAdam
from mgu.train.step import Step

log = logging.getLogger(__name__)

WARM_UP = 3  # steps before the recording: what libraries set up at first use cannot be recorded


class CudaRecorder:
    """Records work on a stream of its own, for the default stream cannot be recorded."""

    def __init__(self, device: torch.device) -> None:
        self.stream = torch.cuda.Stream(device)

    def warm_up(self, work: Callable[[], None]) -> None:
        """Runs the work on the stream that will be recorded: autograd and cuBLAS keep state by stream."""
        current = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            work()
        current.wait_stream(self.stream)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """Records what `work` launches, without computing it; returns a function that replays it."""
        graph = torch.cuda.CUDAGraph()
        # thread_local: other threads, such as the one that reads the energy, do not disturb the recording.
        with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            work()
        return graph.replay


class ReplayedStep:
    """Replays a training step as a CUDA graph, one for each size of batch; it is used as a Step is.

    The first steps of a size are called, before its recording. Where the step cannot be recorded, that is logged and it
    is called for good.

    Args:
        step: The step, whose optimizer is a DeviceNAdam.
        batch_sizes: Numbers of examples of the batches that come often; others are called.
        is_required: Whether to raise RuntimeError where the step cannot be recorded.
        recorder: What records; None makes one.
    """

    def __init__(
        self,
        step: Step,
        batch_sizes: Collection[int],
        is_required: bool = False,
        recorder: CudaRecorder | None = None,
    ) -> None:
        assert isinstance(step.optimizer, DeviceNAdam)
        device = step.data.device
        self.step, self.optimizer, self.is_required = step, step.optimizer, is_required
        self.data, self.totals = step.data, step.totals
        self.indices = {size: torch.zeros(size, dtype=torch.long, device=device) for size in batch_sizes}
        self.warm_ups_left = dict.fromkeys(batch_sizes, WARM_UP)
        self.recorder: CudaRecorder | None = recorder or CudaRecorder(device)
        self.replays: dict[int, Callable[[], None]] = {}
        self.addresses: list[int] = []

    def begin(self) -> None:
        """Begins an epoch; the graphs, which know tensors by their addresses, are recorded again if one has moved."""
        self.step.begin()
        if self.replays and self.addresses != self._find_addresses():
            self.replays.clear()

    def __call__(self, index: Tensor) -> None:
        size = len(index)
        if self.recorder is None or size not in self.indices:
            self.step(index)
        elif self.warm_ups_left[size]:
            self.warm_ups_left[size] -= 1
            self.recorder.warm_up(lambda: self.step(index))
        else:
            self._replay(index)

    def _replay(self, index: Tensor) -> None:
        """Records the step on such a batch if need be, and replays it."""
        assert self.recorder
        size = len(index)
        if size not in self.replays:
            try:
                self.replays[size] = self.recorder.record(lambda: self._on_static_index(size))
            except RuntimeError as error:
                if self.is_required:
                    raise
                self.recorder = None
                log.warning("the training step cannot be a CUDA graph here: %s", str(error).partition("\n")[0])
                return self.step(index)
            self.addresses = self._find_addresses()
            log.info("training steps on %d examples are a CUDA graph from here on", size)
        self.indices[size].copy_(index)
        self.optimizer.advance()
        self.replays[size]()
        return None

    def _on_static_index(self, size: int) -> None:
        """Computes what is recorded; the index is read from a tensor that stays in its place."""
        self.step.gradients(self.indices[size])
        self.optimizer.update()

    def _find_addresses(self) -> list[int]:
        """Returns the addresses of all tensors that outlive a step: parameters, buffers, state of the optimizer."""
        of_optimizer = [state[name] for state in self.optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
        tensors = [*self.step.model.parameters(), *self.step.model.buffers(), *of_optimizer]
        return [tensor.data_ptr() for tensor in tensors]
