#!/usr/bin/env bash
# Claim: where the batches of an epoch are no multiple of the batches that gradients are accumulated over, four
#   trainers do three things. Lightning and accelerate take a step with what there is, divided by the full number: 9
#   batches by 4 make two steps of the mean gradient and one of a quarter of it. ignite carries the rest over into the
#   next epoch, and drops it at the end of the training: two steps less in two epochs of 9. The Trainer of transformers
#   divides by the batches that there were. Accumulation, which is to be a larger batch, is one in the last of them
#   only.
# Guess before: a window that the epoch's end cuts off is a smaller batch, whose mean is taken.
# Versions: lightning==2.6.6, accelerate==1.15.0, pytorch-ignite==0.5.5, transformers==5.24.0, torch==2.15.0,
#   numpy==2.3.5.
# Seen: gradient 1 at every batch, 9 batches an epoch, two epochs, accumulated over 4; gradients of the steps:
#   Lightning and accelerate 1, 1, 0.25, 1, 1, 0.25; ignite 1, 1, 1, 1; transformers 1, 1, 1, 1, 1, 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet lightning==2.6.6 accelerate==1.15.0 pytorch-ignite==0.5.5 transformers==5.24.0 \
  torch==2.15.0 numpy==2.3.5
cd "$folder"
OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 "$folder/env/bin/python" -W ignore - 2>&1 <<'PY'
import logging

import lightning
import torch
from accelerate import Accelerator
from ignite.engine import create_supervised_trainer
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainingArguments

logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
BATCHES, WINDOW, EPOCHS = 9, 4, 2


class Ones(Dataset):
    def __len__(self):
        return BATCHES

    def __getitem__(self, index):
        return torch.ones(1), torch.ones(1)


class Named(Ones):
    def __getitem__(self, index):
        return {"x": torch.ones(1)}


class Recorder(torch.optim.SGD):
    """Keeps the gradient of each step."""

    def __init__(self, parameters):
        super().__init__(parameters, 1.0)
        self.gradients = []

    def step(self, closure=None):
        loss = closure() if closure else None
        self.gradients.append(self.param_groups[0]["params"][0].grad.item())
        super().step()
        return loss


class Network(lightning.LightningModule):
    """Answers weight times x, whose mean is the loss."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.recorder = Recorder([self.weight])

    def forward(self, x):
        return {"loss": (self.weight * x).mean()}

    def training_step(self, batch, _):
        return self(batch[0])["loss"]

    def configure_optimizers(self):
        return self.recorder


def of_lightning(network):
    quiet = {name: False for name in ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")}
    trainer = lightning.Trainer(max_epochs=EPOCHS, accumulate_grad_batches=WINDOW, accelerator="cpu", **quiet)
    trainer.fit(network, DataLoader(Ones()))


def of_accelerate(network):
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=WINDOW)
    prepared, optimizer, loader = accelerator.prepare(network, network.recorder, DataLoader(Ones()))
    for _ in range(EPOCHS):
        for x, _ in loader:
            with accelerator.accumulate(prepared):
                accelerator.backward(prepared(x)["loss"])
                optimizer.step()
                optimizer.zero_grad()


def of_ignite(network):
    options = {"gradient_accumulation_steps": WINDOW}
    trainer = create_supervised_trainer(network, network.recorder, lambda answer, _: answer["loss"], **options)
    trainer.run(DataLoader(Ones()), max_epochs=EPOCHS)


def of_transformers(network):
    arguments = TrainingArguments(
        "out", per_device_train_batch_size=1, gradient_accumulation_steps=WINDOW, num_train_epochs=EPOCHS, report_to=[],
        use_cpu=True, max_grad_norm=0, save_strategy="no", disable_tqdm=True, remove_unused_columns=False,
    )
    Trainer(network, arguments, train_dataset=Named(), optimizers=(network.recorder, None)).train()


for train, expected in (
    (of_lightning, [1, 1, 0.25, 1, 1, 0.25]), (of_accelerate, [1, 1, 0.25, 1, 1, 0.25]), (of_ignite, [1, 1, 1, 1]),
    (of_transformers, [1] * 6),
):
    network = Network()
    train(network)
    print(f"{train.__name__[3:]}: gradients of the steps {network.recorder.gradients}")
    assert network.recorder.gradients == expected
PY
echo "as claimed"
