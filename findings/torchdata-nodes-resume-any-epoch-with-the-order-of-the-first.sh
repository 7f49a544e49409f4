#!/usr/bin/env bash
# Claim: a loader of torchdata.nodes over a RandomSampler, as the guides of torchdata build it, saves how many examples
#   it gave, not the state of the sampler's generator. A new process, built with the same seed, resumes the second epoch
#   within the order of the first: some examples come twice in that epoch, as many not at all, and the count of batches
#   is right, so nothing shows. state_dict and load_state_dict raise nothing. torchdata's own RandomSampler, written to
#   be resumed, does not help: its state is its iterator's, and nodes ask the sampler. StatefulDataLoader of the same
#   package, which the guide translates to nodes, resumes with what is left, with its own sampler.
# Guess before: what was given before and after a resume is one epoch, each example once: that is what state_dict is
#   for.
# Versions: torchdata==0.11.0, torch==2.15.0 (CPU), numpy==2.3.5.
# Seen: 12 examples in batches of 3, resumed in the middle: first epoch, 12 different examples each way; second epoch
#   nodes 9 with torch's sampler (3 twice, 3 never), 8 with torchdata's; StatefulDataLoader 12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchdata==0.11.0 torch==2.15.0 numpy==2.3.5
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import torch
from torch.utils.data import RandomSampler
from torchdata import nodes
from torchdata.stateful_dataloader import StatefulDataLoader
from torchdata.stateful_dataloader.sampler import RandomSampler as StatefulRandomSampler

examples = list(range(12))


def sampler(kind):
    return kind(examples, generator=torch.Generator().manual_seed(0))


def of_nodes(kind):
    return nodes.Loader(nodes.Batcher(nodes.MapStyleWrapper(examples, sampler(kind)), batch_size=3))


def of_loader(kind):
    return StatefulDataLoader(examples, batch_size=3, sampler=sampler(kind), collate_fn=list)


def different(build, kind, epoch):
    """Returns how many different examples an epoch has that was resumed after two of its batches."""
    loader = build(kind)
    for _ in range(epoch):
        assert sorted(sum(loader, [])) == examples
    batches = iter(loader)
    before = [next(batches), next(batches)]
    state = loader.state_dict()
    resumed = build(kind)
    resumed.load_state_dict(state)
    after = list(resumed)
    print(f"{build.__name__}, {kind.__module__}, epoch {epoch + 1}: {before} then {after}")
    assert len(after) == 2
    return len(set(sum(before + after, [])))


for build, kind, expected in (
    (of_nodes, RandomSampler, (12, 9)),
    (of_nodes, StatefulRandomSampler, (12, 8)),
    (of_loader, StatefulRandomSampler, (12, 12)),
):
    assert tuple(different(build, kind, epoch) for epoch in (0, 1)) == expected
PY
echo "as claimed"
