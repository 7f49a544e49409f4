#!/usr/bin/env bash
# Claim: the order of the examples that StatefulDataLoader of torchdata, a drop-in replacement of torch's DataLoader,
#   draws with one seed depends on whether there are worker processes: with workers every epoch takes another
#   permutation than without, for a permutation is drawn and thrown away, so that the first epoch with a worker is the
#   second one without. It is also never the order of torch's DataLoader with the same generator, which does not
#   depend on workers. So two runs of one seed on machines with and without workers train on other batches, and a
#   comparison of the two loaders is one of seeds.
# Guess before: a seeded generator alone makes the order, whatever num_workers is, as in torch; a drop-in replacement
#   keeps it.
# Versions: torchdata==0.11.0, torch==2.15.0, numpy==2.3.5.
# Seen: 12 examples, generator of seed 0, first epoch: torch 5, 4, 0, 9 ... with 0, 1 and 2 workers; torchdata 8, 0,
#   5, 9 ... with none, 3, 9, 8, 0 ... with 1 and 2, which is the second epoch with none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet torchdata==0.11.0 torch==2.15.0 numpy==2.3.5
cd "$folder"
cat > order.py <<'PY'
import torch
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader


def epochs(loader, workers):
    """Return the examples of two epochs in their order."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    batches = loader(range(12), batch_size=4, shuffle=True, generator=generator, num_workers=workers)
    return [[int(example) for batch in batches for example in batch] for _ in range(2)]


if __name__ == "__main__":
    by_torch = [epochs(DataLoader, workers) for workers in (0, 1, 2)]
    by_torchdata = [epochs(StatefulDataLoader, workers) for workers in (0, 1, 2)]
    print("with 0, 1 and 2 workers, torch:", by_torch, "torchdata:", by_torchdata)
    assert by_torch[0] == by_torch[1] == by_torch[2], by_torch
    alone, one, two = by_torchdata
    assert one == two != alone, by_torchdata
    assert one[0] == alone[1], by_torchdata
    assert by_torch[0][0] not in (alone[0], one[0])
PY
OMP_NUM_THREADS=1 env/bin/python -W ignore order.py
echo "as claimed"
