#!/usr/bin/env bash
# Claim: with more and more examples the predictions of laplace-torch's classification do not come to those of the
#   network, which come to the truth: link_approx="bridge_norm" divides the logits by their own standard deviation,
#   which goes to zero, and so ends up certain of labels that are noisy by nature; "probit", the default, gets less sure
#   the more is known, for it takes the variance of each logit, of which the part common to all logits stays that of the
#   prior, though softmax cancels it. "bridge" of two classes is the network's probability however few the examples:
#   it adds no uncertainty at all. "mc" does what is expected.
# Guess before: all four are less sure than the network, and the same as the network when examples are many.
# Versions: laplace-torch==0.3, curvlinops-for-pytorch==3.0.1, torch==2.15.0, torchvision==0.29.2, numpy==2.3.5.
# Seen: two classes, true probabilities of a logistic model; cross-entropy on new examples and mean confidence, for 10,
#   1000 and 10,000 examples (truth 0.59, 0.69): network 0.66 / 0.75, 0.60 / 0.70, 0.59 / 0.69; bridge the same;
#   mc 0.64 / 0.71, 0.60 / 0.70, 0.59 / 0.69; bridge_norm 0.85 / 0.83, 3.68 / 0.98, 6.82 / 0.99; probit 0.64 / 0.71,
#   0.60 / 0.67, 0.59 / 0.65.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet laplace-torch==0.3 curvlinops-for-pytorch==3.0.1 torch==2.15.0 \
  torchvision==0.29.2 numpy==2.3.5 scipy==1.17.1 "setuptools==80.9.0"
OMP_NUM_THREADS=1 "$folder/env/bin/python" -W ignore - <<'PY'
import torch
from laplace import Laplace
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
LINKS = ("probit", "mc", "bridge", "bridge_norm")


def examples(number):
    """Return inputs, true probabilities of class 1, and labels drawn from them."""
    inputs = torch.randn(number, 2)
    truth = torch.sigmoid(inputs @ torch.tensor([1.0, -0.5]))
    return inputs, truth, torch.bernoulli(truth).long()


def fitted(inputs, labels):
    """Return a network of one layer at the maximum of its posterior, with the prior that Laplace assumes."""
    network = nn.Sequential(nn.Linear(2, 2))
    optimizer = torch.optim.LBFGS(network.parameters(), max_iter=200)

    def closure():
        optimizer.zero_grad()
        prior = 0.5 * sum(parameter.square().sum() for parameter in network.parameters())
        loss = nn.functional.cross_entropy(network(inputs), labels) + prior / len(labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    return network


def compare(number):
    """Return cross-entropy on new examples and mean confidence of truth, network, and each link of the posterior."""
    torch.manual_seed(0)
    inputs, _, labels = examples(number)
    network = fitted(inputs, labels)
    posterior = Laplace(network, "classification", subset_of_weights="all", hessian_structure="full")
    posterior.fit(DataLoader(TensorDataset(inputs, labels), batch_size=1000))
    new, truth, labels = examples(4000)
    found = {"truth": torch.stack([1 - truth, truth], 1), "network": network(new).softmax(1)}
    found |= {link: posterior(new, link_approx=link) for link in LINKS}
    assert torch.allclose(found["bridge"], found["network"], atol=1e-3)
    return {
        name: (nn.functional.nll_loss(p.log().clamp_min(-30), labels).item(), p.amax(1).mean().item())
        for name, p in found.items()
    }


results = {number: compare(number) for number in (10, 1000, 10_000)}
for number, found in results.items():
    print(number, {name: f"{loss:.2f} / {confidence:.3f}" for name, (loss, confidence) in found.items()})
few, more, most = results.values()
assert few["bridge_norm"][1] < more["bridge_norm"][1] < most["bridge_norm"][1] and most["bridge_norm"][1] > 0.98
assert most["bridge_norm"][0] > 5 * most["truth"][0]
assert few["probit"][1] > more["probit"][1] > most["probit"][1] and most["probit"][1] < most["truth"][1] - 0.02
assert abs(most["mc"][1] - most["truth"][1]) < 0.01 and abs(most["network"][1] - most["truth"][1]) < 0.01
PY
echo "as claimed"
