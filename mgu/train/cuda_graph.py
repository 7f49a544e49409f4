"""A training step as a CUDA graph: all its kernels in one launch, where the host would take longer to launch them one
by one than the device takes to compute them.

Recorded is the step on a full batch: gathering the examples, forward, loss, backward, totals, update. Nothing in it may
wait for the device. Random numbers: the graph draws from torch's generator and moves it on as the kernels one by one
would, so that dropout is the same either way, and after a checkpoint, which holds the generator's state, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from mgu.train.device_nadam import DeviceNAdam
from mgu.train.step import Step

log = logging.getLogger(__name__)

WARM_UP = 3  # steps before the recording, for what libraries set up at first use cannot be recorded


class CudaRecorder:
    """Records on a stream of its own, for the default one cannot be recorded."""

    def __init__(self, device: torch.device) -> None:
        self.stream = torch.cuda.Stream(device)

    def warm_up(self, work: Callable[[], None]) -> None:
        """Do it on the stream on which it will be recorded: autograd and cuBLAS keep things by stream."""
        current = torch.cuda.current_stream(self.stream.device)
        self.stream.wait_stream(current)
        with torch.cuda.stream(self.stream):
            work()
        current.wait_stream(self.stream)

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        """What does on every call, on the current stream, what `work` launches now; nothing is computed yet."""
        graph = torch.cuda.CUDAGraph()
        # thread_local: other threads, as the one that reads the energy, are none of the recording's business.
        with torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            work()
        return graph.replay


class ReplayedStep:
    """`step` on full batches as a graph; on others, and before it is recorded, as it is. Used as a Step is.

    Where it cannot be recorded it says so in the log and goes on as it is; is_required: raises RuntimeError instead.
    """

    def __init__(
        self, step: Step, batch_size: int, is_required: bool = False, recorder: CudaRecorder | None = None
    ) -> None:
        assert isinstance(step.optimizer, DeviceNAdam)
        device = step.data.device
        self.step, self.optimizer, self.is_required = step, step.optimizer, is_required
        self.data, self.totals = step.data, step.totals
        self.index = torch.zeros(batch_size, dtype=torch.long, device=device)
        self.recorder: CudaRecorder | None = recorder or CudaRecorder(device)
        self.replay: Callable[[], None] | None = None
        self.places: list[int] = []
        self.warm_ups_left = WARM_UP

    def begin(self) -> None:
        """An epoch. A graph knows tensors by their addresses alone: if one has moved, it is recorded anew."""
        self.step.begin()
        if self.replay and self.places != self._find_places():
            self.replay = None

    def __call__(self, index: Tensor) -> None:
        if self.recorder is None or len(index) != len(self.index):
            self.step(index)
        elif self.warm_ups_left:
            self.warm_ups_left -= 1
            self.recorder.warm_up(lambda: self.step(index))
        else:
            self._replay(index)

    def _replay(self, index: Tensor) -> None:
        assert self.recorder
        if self.replay is None:
            try:
                self.replay, self.places = self.recorder.record(self._on_static_index), self._find_places()
            except RuntimeError as error:
                if self.is_required:
                    raise
                self.recorder = None
                log.warning("the training step cannot be a CUDA graph here: %s", str(error).partition("\n")[0])
                return self.step(index)
            log.info("training steps on %d examples are a CUDA graph from here on", len(index))
        self.index.copy_(index)
        self.optimizer.advance()
        self.replay()
        return None

    def _on_static_index(self) -> None:
        self.step.gradients(self.index)
        self.optimizer.update()

    def _find_places(self) -> list[int]:
        """Addresses of all that is read and changed and outlives a step."""
        of_optimizer = [state[name] for state in self.optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
        tensors = [*self.step.model.parameters(), *self.step.model.buffers(), *of_optimizer]
        return [tensor.data_ptr() for tensor in tensors]
