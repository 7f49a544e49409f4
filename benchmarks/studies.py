"""The studies of results/: which commands regenerate their data, and which tables their pages have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import claim_tables
import claims
import cost_tables
import density_tables
import equilibrium_tables
import path_tables
import search_tables
import tables
from cells import Row
from claims import Parts


@dataclass(frozen=True)
class Section:
    """A table of one part with the sentences above it; `picture`: a file in the folder of the study, or none."""

    title: str
    part: str
    text: str
    render: Callable[[Row], str] | None
    picture: str = ""


@dataclass(frozen=True)
class Study:
    """main: the part whose hardware and time stand for the study. claim and sample: sentences from the data."""

    name: str
    title: str
    main: str
    claim: Callable[[Parts], str]
    sample: Callable[[Parts], str]
    commands: tuple[str, ...]
    sections: tuple[Section, ...]
    limits: str


PICTURES = {part: f"{part}/budget.png" for part in ("digits-better", "adult-better", "table-better", "mnist-better")}
CLAIM_DATA = ("digits", "adult", "table", "mnist")  # of the protocol, as far as they are run
DIRECTED_MNIST = (
    "mgu-run experiment_name=directed_mnist dataset=mnist threads=1 optimizer=sgd schedule=cosine training.epochs=20 "
    "training.patience=1000 training.select=last"
)
EQUILIBRIUM_MNIST = (
    "mgu-run experiment_name=equilibrium_mnist dataset=mnist threads=1 norm=no_norm optimizer=adamw optimizer.lr=0.003 "
    "optimizer.weight_decay=0.3 training.label_smoothing=0.1 schedule=cosine training.patience=1000 "
    "training.batch_size=256 training.select=last layout.dropout=0.2"
)
RECIPES = {
    "better": "averaged weights, label smoothing 0.1, the last epoch",
    "paper": "the paper's, the best epoch",
    "short": "`better` with statistics of batch norms computed anew, after a quarter of the epochs",
}
SHORT_DATA = ("digits", "adult", "table")  # of those with a number of epochs, as far as they are run


OTHER_RULES = (
    "`mgu-run report` reads the same runs by rules of its own, so that it says other things under the same names. Its "
    "best of the grid is the best by the validation data of these runs; here ten folds choose that of the digits. Its "
    "random search is as good as guessing until its first model has ended; here the first one always counts, however "
    "long it takes. Its margin is 0.5 points unless `--margin` says otherwise. Its p-values are over replicates and "
    "examples together, those of folds by the corrected test, and corrected over the kinds of unit; here they are over "
    "replicates alone, and corrected over the data sets."
)


def _claim_sections() -> tuple[Section, ...]:
    """A summary of each recipe, then the comparisons and models of each data set."""
    how = (
        "Differences in points of test accuracy, unit minus rival; in brackets the one-sided 95 % lower bound and the "
        "two-sided p-value, corrected over the data sets (Holm)."
    )
    picked = "Mean scores; `picked by` is the validation accuracy that chooses the best of the grid."
    within = "Within the margin: the lower bound is above minus the margin, so that the unit may be better, too."
    paired = f"Test accuracy, paired over replicates. {within}"
    shorter = (
        "Test accuracy of the same models after all epochs and after a quarter of them, paired over replicates. The "
        "`bn_pre` networks of `better` were trained before the change to their bias that the protocol names."
    )
    sections = [
        Section(f"All data sets, recipe `{recipe}`", recipe, f"The recipe: {text}. {how}", claim_tables.summary)
        for recipe, text in RECIPES.items()
    ]
    sections.append(Section("Why reports differ", "better", OTHER_RULES, None))
    for data, recipe in product(CLAIM_DATA, RECIPES):
        if recipe == "short" and data not in SHORT_DATA:
            continue
        part, title = f"{data}-{recipe}", f"`{data}`, recipe `{recipe}`"
        sections += [
            Section(f"{title}: comparisons", part, paired, claim_tables.comparisons, PICTURES.get(part, "")),
            Section(f"{title}: models", part, picked, claim_tables.models),
        ]
        if recipe == "short":
            sections.append(Section(f"{title}: against `better`", part, shorter, claim_tables.against_better))
    half = (
        "Half of the protocol's grid, that of seven layers, at the rate of 0.01, at which some networks stay near "
        "chance. The unit and the networks near the best by validation have three seeds, the others one. Over seeds "
        "by Student's t; where a rival has one seed, over the 10,000 test images of it, which are paired: lower bounds "
        "by the normal law, p-values by McNemar's exact test, which say nothing of other seeds. Corrected for nothing, "
        f"and not in the tables above. {within}"
    )
    augmented = (
        "The recipe `better` with `augment=flip_crop` (images moved by up to 4 pixels, and mirrored), for all three "
        "models; `best of the grid` is the better of the two baselines by validation. Otherwise as above; nothing is "
        f"corrected. {within}"
    )
    for recipe, words in (("better", half), ("paper", half), ("augmented", augmented)):
        part, title = f"cifar-{recipe}", f"`cifar`, recipe `{recipe}`, seven layers"
        sections += [
            Section(f"{title}: comparisons", part, words, claim_tables.comparisons),
            Section(f"{title}: models", part, picked, claim_tables.models),
        ]
    text = (
        "No part of the protocol: batches of 4 on the digits (10 epochs), and 16 dense layers on Adult, all by the "
        "better recipe. Nobody told the unit of the condition. p-values are two-sided, paired over seeds, corrected "
        "over the models of a condition (Holm)."
    )
    sections.append(Section("Where a usual norm is wrong", "defaults", text, claim_tables.defaults))
    return tuple(sections)


BESIDE_THE_PAPER = (
    Section("Beside the paper", "runs", "Validation accuracy on the official test images.", tables.replication),
    Section(
        "At the rate of the printed code",
        "code",
        "As above, `optimizer.lr=0.001 schedule=constant`.",
        tables.replication,
    ),
)
STUDIES = (
    Study(
        name="claim",
        title="One unit against a grid, a random search and the usual network",
        main="better",
        claim=claim_tables.claim,
        sample=lambda parts: "replicates: "
        + ", ".join(f"{row['data']} {row['replicates']}" for row in parts["better"]["rows"])
        + "; the protocol was frozen before the runs",
        commands=(
            "python benchmarks/claim.py train digits-better runs/claim",
            "python benchmarks/claim_costs.py digits",
            "python benchmarks/claim.py file digits-better runs/claim",
            "mgu-run pack runs/claim/digits-better --to results/claim/digits-better  # and digits-better-folds",
            "python benchmarks/claim.py file digits-better results/claim  # the same from packed runs",
            "mgu-run report results/claim/digits-better --pictures results/claim/digits-better",
            f"# likewise {', '.join(CLAIM_DATA[1:])}; and -paper, and {', '.join(SHORT_DATA)} -short (costs: --short)",
            "python benchmarks/defaults.py train runs/defaults",
            "python benchmarks/defaults.py file runs/defaults",
            "mgu-run pack runs/defaults/defaults --to results/claim/defaults",
        ),
        sections=_claim_sections(),
        limits="[protocol.md](protocol.md) has what was fixed before the first run, and what was changed since. "
        "CIFAR-10, the fifth data set of the protocol, is trained in part: corrections are over the other four. Runs "
        "were trained two at once on a machine with other work, by which even ratios of their processor time are off: "
        "what runs cost is their epochs times the processor time of an epoch, measured later for all models of a data "
        "set in turns (claim_costs.py); `as recorded` is the ratio of the runs' own processor time. The "
        "digits' test images are by writers of training images "
        "(findings/scikit-learn-digits-are-in-the-order-of-their-writers.sh): accuracies do not hold for new writers.",
    ),
    Study(
        name="search",
        title="Searches of the grid at the unit's cost",
        main="replay",
        claim=search_tables.claim,
        sample=lambda parts: "1,000 studies a strategy (GP 100), replayed on recorded runs of five seeds",
        commands=(
            "python benchmarks/search.py train runs/search",
            "python benchmarks/search.py replay runs/search",
            "python benchmarks/search.py asks",
            "python benchmarks/rastrigin.py 20",
            "python benchmarks/nago.py",
            "python benchmarks/nago.py --precise",
            "python benchmarks/gemm.py tenth 256 runs/gemm  # likewise 512",
            "python benchmarks/gemm.py search 256 runs/gemm",
            "python benchmarks/gemm_peers.py 256 runs/gemm  # with the group gemm: see there",
            "uv run --no-project benchmarks/gemm_tvm.py 256 runs/gemm",
            "python benchmarks/gemm.py file 256 runs/gemm",
        ),
        sections=(
            Section("Recorded runs of the digits", "replay", "The grid of 24 networks and one lean unit, "
                    "`dataset.split=holdout`, averaged weights, label smoothing, five seeds; trials are charged the "
                    "seconds of their runs, which were trained one after the other on a machine that had other work "
                    "meanwhile: all of them are marked as contended. Random order is computed, not "
                    "searched. The time of a replay is that of the whole command.", search_tables.replay),
            Section("Seconds of an ask", "asks", "Processor time on a space of four parameters with random scores; "
                    "the mean of the last ten asks.", search_tables.asks),
            Section("A function of optimization", "rastrigin", "Differential evolution with 2,000 evaluations of "
                    "Rastrigin's function in ten dimensions, tuned by three strategies; medians over studies. The "
                    "optimum is 0. Trials to TPE's median: those of all studies together, up to it or to their end, "
                    "over the studies that reach it.", search_tables.rastrigin),
            Section("Generated networks at the grid's cost", "nago", "The space `nago=tiny` (at most 61,000 "
                    "parameters) on the digits, `dataset.split=holdout`, averaged weights, label smoothing. The "
                    "grid is that of 24 baselines, trained once with each of ten seeds; a study of a search ends "
                    "after the mean processor time of one grid; a trial that ends later costs but does not count. "
                    "The best is picked by validation images. p-values are those of Welch's t-test.",
                    search_tables.nago),
            Section("Generated networks, evaluated by precise batch norm", "nago_precise", "As above, all of them with "
                    "`training.precise_bn=4096` (results/precise_bn): every operation of a generated network has a "
                    "batch norm, whose running statistics lag at the epochs 5 and 10 at which `bohb` stops trials.",
                    search_tables.nago),
            Section("Tile sizes of a matrix product", "gemm", "The space `gemm`: a product of two square matrices in "
                    "single precision on one thread, by a kernel without packing (docs/method/gemm.md). A study tries "
                    "a thousandth of the space and pays for its compilations; kernel-tuner's `greedy_ils` has the "
                    "same kernel. What was found, the fastest of a tenth of the space drawn at random, torch's own "
                    "product and what TVM's MetaSchedule generates were then measured again in turns, 20 rounds, "
                    "medians. p-values are those of the Mann-Whitney test, of what was found after equal seconds.",
                    search_tables.gemm),
        ),
        limits="Replayed studies differ in what they draw, not in what was trained: p-values are about these recorded "
        "runs. Their seconds were measured beside other runs. They may be longer than on a quiet machine, and not by "
        "the same share for every run: what fits into the unit's cost is uncertain by as much. A Bayesian search "
        "begins with ten random points, more than it can try at four times the unit's cost, so it is random search "
        "there.",
    ),
    Study(
        name="digits",
        title="The grid and the unit on 8x8 digits",
        main="paper",
        claim=claims.digits,
        sample=lambda parts: claims.counted(parts, "paper", "1,437 training and 360 test images"),
        commands=(
            "mgu-run +experiment=digits -m seed=0,1,2,3,4",
            "mgu-run +experiment=digits -m seed=0,1,2,3,4 dataset.split=holdout runs_dir=runs/holdout",
            "python benchmarks/collect.py digits paper runs/digits --command '...'",
            "python benchmarks/collect.py digits holdout runs/holdout/digits --command '...'",
            "mgu-run report runs/digits --pictures results/digits",
        ),
        sections=(
            Section("Ranking, `split: paper`", "paper", "Test images validate, as in the paper.", tables.ranking,
                    "ranks.png"),
            Section("Comparisons, `split: paper`", "paper", "Differences in points of accuracy, unit minus baseline. "
                    "p-values are two-sided; the last column is corrected for all comparisons (Holm).",
                    tables.comparisons),
            Section("Ranking on test images, `split: holdout`", "holdout", "A tenth of the training images validates; "
                    "models are ranked by validation and evaluated once on the test images.",
                    lambda part: tables.ranking(part, "test")),
            Section("Comparisons on test images, `split: holdout`", "holdout", "As above.", tables.comparisons),
            Section("Processor time", "paper", "Mean over seeds, measured; it includes evaluation and, for the unit, "
                    "the analysis of its gates.", tables.processor_cost),
        ),
        limits="Filed before the lean unit joined the experiment, which has 26 models now. "
        "360 test images resolve 0.28 points. The digits are not in the paper.",
    ),
    Study(
        name="mnist",
        title="The paper's MNIST table",
        main="runs",
        claim=claims.mnist,
        sample=lambda parts: claims.counted(parts, "runs", "60,000 training images, the official test images validate"),
        commands=(
            "mgu-run +experiment=mnist threads=1 -m",
            "python benchmarks/collect.py mnist runs runs/mnist --command 'mgu-run +experiment=mnist threads=1 -m'",
            "mgu-run pack runs/mnist --to results/mnist",
            "mgu-run +experiment=mnist threads=1 optimizer.lr=0.001 schedule=constant "
            "experiment_name=mnist_rate_001 -m",
            "python benchmarks/collect.py mnist code runs/mnist_rate_001 --command '...'",
            "mgu-run pack runs/mnist_rate_001 --to results/mnist",
        ),
        sections=BESIDE_THE_PAPER,
        limits="One seed each. mnist_4-no_norm ended its first epoch with a mean "
               "loss of 24 and stayed at chance: with it tau-b misses its bar of 0.7.",
    ),
    Study(
        name="cifar",
        title="The paper's CIFAR-10 table",
        main="runs",
        claim=claims.cifar,
        sample=lambda parts: claims.counted(parts, "runs", "50,000 training images, the official test images validate"),
        commands=(
            "mgu-run -m +experiment=cifar hydra.sweeper.grids=null threads=1 layout=cifar_7 "
            "norm=bn_pre,bn_post,ln,no_norm residual=without,with",
            "mgu-run -m +experiment=cifar hydra.sweeper.grids=null threads=1 layout=cifar_7 mgu=reference,lean",
            "python benchmarks/collect.py cifar runs runs/cifar --command '...'",
            "mgu-run pack runs/cifar --to results/cifar",
            *(
                f"mgu-run -m +experiment=cifar hydra.sweeper.grids=null threads=1 layout=cifar_7 {models} "
                "optimizer.lr=0.001 schedule=constant experiment_name=cifar_rate_001"
                for models in ("norm=bn_pre,bn_post,ln,no_norm residual=without,with", "mgu=reference")
            ),
            "python benchmarks/collect.py cifar code runs/cifar_rate_001 --command '...'",
            "mgu-run pack runs/cifar_rate_001 --to results/cifar",
        ),
        sections=BESIDE_THE_PAPER,
        limits="One seed each; layer norm stayed at chance with three more at 0.01, in the two epochs that were tried. "
               "Rows of 10 and 15 layers are not trained, others are filed as they are.",
    ),
    Study(
        name="pruning",
        title="From a unit to a plain network",
        main="reference",
        claim=claims.pruning,
        sample=lambda parts: f"{len(parts['reference']['rows']) + len(parts['lean']['rows'])} units of layout digits_4 "
        f"(1,294 training, 143 validation and 360 test images), {len(parts['mnist']['rows'])} of mnist_4 (54,000, "
        f"6,000 and 10,000), {len(parts['cifar']['rows'])} of cifar_7",
        commands=(
            "mgu-run layout=digits_4 mgu=reference,lean mgu.wiring=reference training.epochs=20 training.patience=20 "
            "threads=1 dataset.split=holdout -m seed=0,1,2",
            "mgu-run prune RUN",
            "python benchmarks/collect.py pruning reference RUNS --prune --command '...'  # and lean, mnist, cifar",
            "mgu-run dataset=mnist dataset.split=holdout layout=mnist_4 mgu=lean threads=1 training.ema=0.99 "
            "training.label_smoothing=0.1 training.select=last",
            "mgu-run dataset=cifar10 dataset.split=holdout layout=cifar_7 mgu=lean threads=1 training.epochs=20 "
            "training.ema=0.99 training.label_smoothing=0.1 training.select=last",
        ),
        sections=(
            Section("The paper's unit (`mgu=reference`)", "reference", "The picture shows seed 0: validation accuracy "
                    "while gates are fixed, before fine-tuning, against four costs.", tables.pruned, "prune.png"),
            Section("Units with channel gates and the padded bypass (`mgu=lean mgu.wiring=reference`)", "lean",
                    "The wiring of `mgu=lean` when they were trained; `mgu=lean` alone has `mgu.wiring=equations` now.",
                    tables.pruned),
            Section("MNIST, `mgu=lean` by the better recipe of results/claim", "mnist", "Averaged weights, label "
                    "smoothing 0.1, the last epoch.", tables.pruned),
            Section("CIFAR-10, seven layers, `mgu=lean`", "cifar", "Fine-tuned for at most five epochs a candidate "
                    "(`mgu-run prune RUN epochs=5 tries=1`).", tables.pruned),
        ),
        limits="Times of one image are medians of repeats in turns, relative to the untrained baseline without norms; "
        "they are left out where another run was measured at the same time. "
        "The choice among candidates uses held-out validation images; test images are evaluated once. "
        "On digits 143 validation images resolve 0.7 points, so `max_loss=0.1` means no image lost.",
    ),
    Study(
        name="decisive",
        title="Which training makes gates constant",
        main="decisive",
        claim=claims.decisive,
        sample=lambda parts: f"{len(parts['decisive']['rows'])} units: 9 settings, 3 seeds each; digits, layout "
        "[3, 0, 1, inf, 2], 24 epochs, 360 test images",
        commands=("python benchmarks/decisive.py",),
        sections=(
            Section("Test accuracy [%], a value per seed", "decisive", "Each unit is trained, then its gates are "
                    "replaced without training: by their means in each channel, by these means rounded, and by one "
                    "rounded constant for the whole gate. The network of the last kind is then trained for as many "
                    "epochs. The last column is the standard deviation of a gate within a channel.", tables.decisive),
        ),
        limits="One test image is 0.28 points.",
    ),
    Study(
        name="precise_bn",
        title="Precise batch norm",
        main="digits",
        claim=claims.precise_bn,
        sample=lambda parts: "digits [4, 0, 1, 3, 2], 10 folds of the training images, 20 epochs; MNIST "
        "[3, 3, 2, inf, 2], 2 seeds, 3 epochs; validation images only",
        commands=(
            *(f"python benchmarks/precise_bn.py {part}" for part in ("digits", "mnist")),
            "python benchmarks/precise_bn.py ranks  # from the packed runs of results/claim",
        ),
        sections=(
            *(Section(f"{name}: validation accuracy [%]", part, "Each network was trained once and evaluated in both "
                    "ways after every epoch (`training.precise_bn=4096`, which leaves training as it is). Averaged: "
                    "`training.ema=0.99`. Processor time: training and evaluation by running statistics, plus what the "
                    "second evaluation takes.", tables.precise_bn)
            for part, name in (("digits", "Digits"), ("mnist", "MNIST"))),
            Section("What a search sees after few epochs", "ranks", "Kendall's tau-b, mean and standard deviation over "
                    "20 seeds: validation accuracy of the grid's 24 networks on the digits after a few epochs, against "
                    "their mean test accuracy after 20, all with averaged weights and label smoothing. Such ranks are "
                    "what `search=asha` and `search=bohb` stop trials by. 1 is the same order, 0 is chance. From the "
                    "packed runs of results/claim: `digits-better` (running statistics) and `digits-short`.",
                    tables.rungs),
        ),
        limits="Folds share training images. The images that validate a fold are 143 or 144, one is 0.7 points. The "
        "machine had other work meanwhile.",
    ),
    Study(
        name="density",
        title="Sparse and full networks of equal number",
        main="pairs",
        claim=density_tables.claim,
        sample=lambda parts: "two networks of each depth on MNIST, replicates: "
        f"{len(parts['pairs']['rows'][0]['seeds'])} seeds each",
        commands=("python benchmarks/density.py", "python benchmarks/density_search.py"),
        sections=(
            Section("Depths that train without a norm", "pairs", "ReLU, Nadam at 0.01, 20 epochs, "
                    "`dataset.split=holdout`: the best epoch is chosen by validation images. The test of likeness is "
                    "two one-sided tests within 0.5 points over seeds and images.", density_tables.pairs),
            Section("Searched, with at most 60,000 active weights", "search", "One study (TPE) of depth, width and "
                    "densities; AdamW at 0.003 with weight decay 0.1, cosine schedule, averaged weights, 20 epochs, "
                    "nothing of which is searched. This recipe was tried on one seed of the plain network, and the "
                    "best is picked by validation images. This is the second such study: in the first, whose strategy "
                    "did not heed the limit, the best of 41 networks within it had 98.02 % (47,096 weights). "
                    "Five new seeds each. What is found is charged for the search.", density_tables.search),
        ),
        limits="Networks of 16 and 32 layers without a norm stay at chance, so that their likeness would say nothing.",
    ),
    Study(
        name="gates",
        title="Gates that cost less",
        main="gates",
        claim=claims.gates,
        sample=lambda parts: "24 combinations of gate and bypass; medians of 7 rounds (15 layers: 3), batches of 64",
        commands=(
            "python benchmarks/gates.py --layouts C7,C10 --rounds 7",
            "python benchmarks/gates.py --layouts C15 --kinds channel/padded,squeeze/padded,replica/replica --rounds 3 "
            "--name gates_c15",
            "python benchmarks/gates.py --layouts C7,C10 --kinds channel/padded,scalar/padded,channel/identity,"
            "channel/projection,channel/replica --rounds 7 --name gates_constant",
            "python benchmarks/gates.py --layouts C15 --kinds channel/padded --rounds 3 --name gates_constant",
            "mgu-run +experiment=gates -m norm=bn_pre,ln,no_norm seed=0,1,2",
            "mgu-run experiment_name=gates layout=digits_4 "
            "mgu=reference,highway,switchable_norm,squeeze_excitation "
            "training.epochs=20 training.patience=20 threads=1 -m seed=0,1,2",
            "mgu-run experiment_name=gates layout=digits_4 mgu=lean mgu.wiring=reference "
            "training.epochs=20 training.patience=20 threads=1 -m seed=0,1,2",
            "mgu-run experiment_name=gates layout=digits_4 mgu=reference mgu.gate=squeeze,channel,scalar "
            "mgu.bypass=padded training.epochs=20 training.patience=20 threads=1 -m seed=0,1,2",
            "python benchmarks/collect.py gates accuracy runs/gates --command '...'",
        ),
        sections=(
            Section("Cost of constant gates", "gates_constant", "Multiples of the baseline `bn_pre` without residual; "
                    "in brackets the quartiles of the ratios per round. "
                    "C7, C10 and C15 are the CIFAR-10 layouts. Constant gates (`channel`, `scalar`) are computed as "
                    "one number per channel.", cost_tables.gate_costs),
            Section("Cost on 15 layers", "gates_c15", "As above, with constant gates computed like others.",
                    cost_tables.gate_costs),
            Section("Cost of all kinds", "gates", "As above, with constant gates computed like others.",
                    cost_tables.gate_costs),
            Section("Accuracy on digits", "accuracy", "Layout digits_4, 20 epochs; validation images select the epoch "
                    "and score it. Bold rows are units; `highway`, `switchable_norm` and `squeeze_excitation` are "
                    "other blocks. The units have the wiring `reference`, which `mgu=lean` no longer has by itself: "
                    "the row with `norm_or_none+5` is `mgu=lean mgu.wiring=reference`.",
                    tables.accuracy_of_gates),
        ),
        limits="Costs are of units with `mgu=equations`. The accuracies are a small stand-in for CIFAR-10: 360 images, "
        "three seeds. Units with `projection` and `identity` bypasses, and gates of kind `depthwise` and `spatial`, "
        "have costs here but no accuracies; `mgu-run +experiment=gates -m seed=0,1,2` trains them, too.",
    ),
    Study(
        name="divergence",
        title="Which deep units diverge",
        main="divergence",
        claim=claims.divergence,
        sample=lambda parts: "one seed; CIFAR-10, layout [15, 1, 2, 8, 1.32], learning rate 0.01, batches of 64",
        commands=(
            "python benchmarks/divergence.py --kinds replica/replica --steps 150 --every 10",
            "python benchmarks/divergence.py --kinds channel/padded --steps 500 --every 25",
            "python benchmarks/divergence.py --kinds channel/padded --steps 400 --every 25 "
            "--words mgu.gate_bias.norm_or_none=5",
            "python benchmarks/divergence.py --kinds baseline --steps 200 --every 25",
        ),
        sections=(
            Section("Training loss and accuracy", "divergence", "Means over the training batches before each step "
                    "(25, in the first row 10); accuracy on 2,000 test images after the last step. Guessing gives a "
                    "loss of 2.303 and 10 %.", tables.divergence),
        ),
        limits="No row is a trained network: an epoch has 782 steps. The units have `mgu=equations`.",
    ),
    Study(
        name="adult",
        title="Units, networks and gradient boosting on UCI Adult",
        main="grid",
        claim=claims.adult,
        sample=lambda parts: claims.counted(parts, "grid", "29,305 training, 3,256 validation and 16,281 test rows"),
        commands=(
            "mgu-run +experiment=adult -m",
            "python benchmarks/collect.py adult grid runs/adult --command '...'",
            "python benchmarks/adult_peers.py",
        ),
        sections=(
            Section("The grid", "grid", "Ranked by validation accuracy, one seed.", tables.adult_grid),
            Section("Models from outside this project", "peers", "Gradient boosting of scikit-learn with its defaults; "
                    "the MLP of Gorishniy et al. (2021). Mean ± standard deviation over seeds.", tables.peers),
        ),
        limits="The learning rate was not tuned. 16,281 test rows have a standard error of 0.28 points.",
    ),
    Study(
        name="speed",
        title="How fast units and epochs are",
        main="units",
        claim=claims.speed,
        sample=claims.rounds_of_speed,
        commands=(
            "make bench",
            "python benchmarks/units.py --rounds 10",
            "python benchmarks/epochs.py --rounds 9",
            "python benchmarks/parallel.py",
            "python benchmarks/blocks.py",
            "python benchmarks/step_parts.py",
            "python benchmarks/chains.py",
            "python benchmarks/step_growth.py",
            "python benchmarks/nago_step.py",
            "python benchmarks/builds.py 4b0fc24",
            "python benchmarks/report_builds.py 4b0fc24",
            "python benchmarks/predict.py",
            "python benchmarks/serve.py",
            "python benchmarks/subnormals.py",
        ),
        sections=(
            Section("Units", "units", "M2 to C10 are the MNIST and CIFAR-10 layouts by depth. `straight` is the unit "
                    "as a careful first version writes it, with torch's Nadam. In brackets the quartiles of "
                    "the ratios per round.",
                    cost_tables.units),
            Section("Units on MNIST, an earlier build", "units_mnist", "The same at an earlier commit, whose units "
                    "kept more memory, on another processor: not to be compared with the table above.",
                    cost_tables.units),
            Section("Blocks", "blocks", "A training step of plain baselines against their convolutions alone, of lean "
                    "units against plain baselines; forward and backward of the paper's unit against convolutions "
                    "seven times as wide; memory kept between forward and backward.", cost_tables.blocks),
            Section("Blocks, an earlier build", "blocks_earlier", "The same at an earlier commit on another processor: "
                    "not to be compared with the table above.", cost_tables.blocks),
            Section("Parts of a step", "step_parts", "What a step is spent on: torch's convolutions alone, then what "
                    "blocks, read-out and loss, and the update add to them (less than nothing where ours compute "
                    "convolutions faster than torch). The last column is the same step on one image: Python, "
                    "autograd and calls, which lie across the parts.", cost_tables.step_parts),
            Section("Networks as one node of the graph", "chains", "A training step with a node of torch's graph for "
                    "each part, over the same step with one for the network, which writes the gradients of its "
                    "parameters itself: of 64 images, and of one. Processor time of one thread.", cost_tables.chains),
            Section("This build against an older one", "builds", "The same training step, the older build divided by "
                    "this one.", cost_tables.builds),
            Section("Networks of random graphs", "nago_step", "A training step of points of the space `nago=tiny` on "
                    "the digits, one thread, processor time: module by module (`engine=eager`) over one compiled "
                    "function (`native`), and that over torch's own convolutions alone, forward and backward.",
                    cost_tables.nago_step),
            Section("Numbers too small for full precision", "subnormals", "The same training with numbers below "
                    "1.2e-38 kept, as torch does, and taken for zero, as runs do, in turns on one thread: before and "
                    "after there are many of them.", cost_tables.subnormals),
            Section("Epochs", "epochs", "Times of an epoch on 6,400 images, relative to ours. DataLoader is a plain "
                    "loop over torchvision's data set without workers; all tools train the same layout.",
                    cost_tables.epochs),
            Section("Epochs, an earlier build", "epochs_earlier", "The same at an earlier commit on another processor: "
                    "not to be compared with the table above.", cost_tables.epochs),
            Section("Training steps against size", "step_growth", "A step of a plain network (`bn_pre`), images to "
                    "update, with one and two threads. One size varies at a time; the line is fitted to the "
                    "operations of the sizes that vary together, with a constant for what does not grow.",
                    cost_tables.step_growth),
            Section("Growth with width, depth and batch", "growth", "Forward and backward of stacks of 3x3 "
                    "convolutions on 16x16 feature maps.", cost_tables.growth),
            Section("Whole sweeps", "parallel", "The digits experiment's 26 runs as commands of their own: one run "
                    "after the other, two processes by joblib, and `parallel=auto`. 1 would be cores that only "
                    "train. Runs side by side slow each other down; wall / own "
                    "of sequential divides by what they need when they are alone. Outside of runs are the start of the "
                    "command (compositions, the import of torch, the data), the change from one run to the next, and "
                    "cores that are left without a run at the end.", cost_tables.parallel),
            Section("Start of a command", "start", "Wall clock of a plan of CIFAR-10's 26 runs, and of one run on "
                    "digits to its first step, as multiples of that of `python -c 'import torch'`, in turns.",
                    cost_tables.start),
            Section("Report of ten thousand results", "report", "Wall clock of the same report by an older build and "
                    "by this one, in turns; a process for each.", cost_tables.report),
            Section("Growth with the number of runs in a folder", "folders", "Wall clock of whole commands. The last "
                    "column is the cost of a further run between the two largest folders, divided by that between the "
                    "two before them: 1 is a straight line.", cost_tables.folders),
            Section("Predictions from a cold start", "predict", "1,000 PNG files of 32x32, processor time from the "
                    "command to its last line, in turns with a script of torch and Pillow that does the same.",
                    cost_tables.predict),
            Section("A page that watches", "serve", "`mgu-run serve` with 1,000 runs under way, each with an epoch "
                    "every ten seconds, asked every two seconds as a browser does; processor time of the server over a "
                    "minute.", cost_tables.serve),
        ),
        limits="Nothing was measured on a GPU.",
    ),
    Study(
        name="seeds",
        title="Several seeds at once",
        main="seeds",
        claim=claims.seeds,
        sample=lambda parts: f"{len(parts['seeds']['rows'])} baselines, 8 seeds each, "
        f"{claims.rounds_of(parts['seeds']['rows'])} rounds of 2 epochs in turns",
        commands=("python benchmarks/seeds.py --norms bn_pre,ln --images 640",),
        sections=(
            Section("Processor time", "seeds", "Separate runs divided by runs in one process, one thread.",
                    cost_tables.seeds),
        ),
        limits="Units and runs on a GPU were not measured.",
    ),
    Study(
        name="augment",
        title="What augmentation costs",
        main="C7",
        claim=claims.augment,
        sample=lambda parts: "CIFAR-10's layout of seven layers, `bn_pre`; "
        f"{claims.rounds_of(parts['C7']['rows'])} rounds of 3 steps on 64 images in turns",
        commands=("python benchmarks/augment.py",),
        sections=(
            Section("Processor time", "C7", "Training steps from the pixels in memory to the update, with augmentation "
                    "divided by without: ratios of medians, and quartiles of the ratios per round.",
                    cost_tables.augment),
        ),
        limits="One thread of a shared machine. Evaluation, which is never augmented, is not in the steps. Nothing was "
        "measured on a GPU, where augmented steps are no CUDA graphs.",
    ),
    Study(
        name="path_sgd",
        title="Path-SGD for recurrent networks",
        main="step",
        claim=path_tables.claim,
        sample=lambda parts: "T = 100, H = 100; rounds of one step in turns, batches of 20, 50 and 100"
        + "".join(f"; {sum(len(row['seeds']) for row in part['rows'])} runs on {name}"
                  for name, part in parts.items() if name not in ("step", "parts")),
        commands=(
            "python benchmarks/recurrent_step.py",
            "python benchmarks/path_parts.py",
            "mgu-run +experiment=adding -m hydra.sweeper.grids=null norm=no_norm optimizer=path_sgd "
            "optimizer.lr=0.1,0.2 seed=0,1,2,3,4",
            "mgu-run +experiment=adding -m hydra.sweeper.grids=null norm=no_norm optimizer=sgd optimizer.momentum=0 "
            "optimizer.nesterov=false optimizer.lr=0.03,0.05 seed=0,1,2,3,4",
            "python benchmarks/recurrent.py adding",
            "python benchmarks/recurrent.py sequential_mnist",
            *(
                f"mgu-run -m +experiment=sequential_mnist hydra.sweeper.grids=null norm=no_norm {what} {how}"
                for what, rates in (
                    ("experiment_name=permuted_mnist dataset.permuted=true", "0.03"),
                    ("experiment_name=pixel_mnist dataset.sequence=784 training.epochs=20", "0.03,0.02,0.01"),
                )
                for how in (
                    f"optimizer=sgd optimizer.momentum=0 optimizer.nesterov=false optimizer.lr={rates}",
                    f"optimizer=path_sgd optimizer.rescale_every=540 optimizer.lr={rates}",
                    "optimizer=nadam optimizer.lr=0.001",
                )
            ),
            "python benchmarks/recurrent.py permuted_mnist --only-file",
            "python benchmarks/recurrent.py pixel_mnist --only-file",
            "mgu-run -m experiment_name=sequential_digits dataset=digits dataset.sequence=64 norm=no_norm "
            "layout=recurrent_relu schedule=constant training.epochs=40 training.patience=40 training.batch_size=50 "
            "training.clip_norm=1 threads=1 optimizer=path_sgd optimizer.lr=0.03,0.1,0.3,1 seed=0,1,2",
            "mgu-run -m experiment_name=sequential_digits dataset=digits dataset.sequence=64 norm=no_norm "
            "layout=recurrent_relu schedule=constant training.epochs=40 training.patience=40 training.batch_size=50 "
            "training.clip_norm=1 threads=1 optimizer=sgd optimizer.momentum=0 optimizer.nesterov=false "
            "optimizer.lr=0.03,0.1,0.3,1 seed=0,1,2",
            "python benchmarks/recurrent.py sequential_digits --only-file",
        ),
        sections=(
            Section("Adding problem, T = 100", "adding", "Mean squared error, of which guessing has 0.167; the best "
                    "epoch by validation. All start alike, from a scaled positive definite matrix; gradients are cut "
                    "to a norm of 1 first.", path_tables.problems),
            Section("MNIST at 14x14, 196 steps", "sequential_mnist", "40 epochs of 540 steps, cosine schedule, start "
                    "and gradients as above; runs that have gained nothing for 20 epochs are stopped. A tenth of the "
                    "training images validates. All rates have one seed, the best of each optimizer has more.",
                    path_tables.problems),
            Section("MNIST at 14x14 in a random order of pixels", "permuted_mnist", "The same order for all images; "
                    "else as above, at the rates that are best there.", path_tables.problems),
            Section("MNIST by single pixels, 784 steps", "pixel_mnist", "20 epochs of 540 steps, cosine schedule; else "
                    "as above, at the rate that is best there, two thirds and a third of it. nadam at "
                    "0.001 diverges in its first epoch.", path_tables.problems),
            Section("Digits at 8x8, 64 steps", "sequential_digits", "The 360 test images validate, 40 epochs of 29 "
                    "steps.", path_tables.problems),
            Section("The second part of kappa", "parts", "Of recurrent weights at the start, H = 100; ratio of "
                    "Frobenius norms, mean of five draws.", path_tables.kappa_parts),
            Section("A training step", "step", "Processor time by batch, and its ratio to torch.nn.RNN's with SGD.",
                    path_tables.steps),
        ),
        limits="One thread of a shared machine. What is trained is in data.json run by run. MNIST in a random order "
        "has one seed and one rate for each optimizer (0.03), by single pixels one seed and three rates.",
    ),
    Study(
        name="memory",
        title="Memory of the MNIST experiment",
        main="mnist",
        claim=claims.memory,
        sample=lambda parts: f"{len(parts['mnist']['rows'])} runs of one epoch on 60,000 images, one each",
        commands=("python benchmarks/memory.py",),
        sections=(
            Section("By process", "mnist", "Proportional set size at the moment when all processes together have most: "
                    "pages that processes share are divided among them. Own pages hold data, weights and activations, "
                    "and what Python and torch set up when they are imported; pages of files are mostly libraries.",
                    cost_tables.memory),
        ),
        limits="Looked at every 50 ms, so that a shorter peak may be missed. The images are random ones in the format "
        "of Fashion-MNIST, which has the size of MNIST.",
    ),
    Study(
        name="decoding",
        title="Decoding and caching image files",
        main="rounds",
        claim=claims.decoding,
        sample=lambda parts: f"{parts['rounds']['rows'][0]['images']:,} JPEG files of 500x375 to 224x224, "
        f"{len(parts['rounds']['rows'])} rounds in turns",
        commands=("python benchmarks/decoding.py",),
        sections=(
            Section("Wall clock", "rounds", "The first epoch finds, checks, decodes and caches all files and gives "
                    "each once, as floats; later epochs read what is decoded. ImageFolder decodes in every epoch, in "
                    "two workers, and gives bytes or floats.",
                    cost_tables.decoding),
        ),
        limits="The files are CIFAR-10 images enlarged, hence smoother than photographs. Other programs "
        "ran on the machine: ratios within a round count, not seconds.",
    ),
    Study(
        name="equilibrium",
        title="Equilibrium layers",
        main="step",
        claim=equilibrium_tables.claim_equilibrium,
        sample=lambda parts: f"{parts['step']['rows'][0]['rounds']} rounds in turns, 84,560 weights, batches of "
        f"{parts['step']['rows'][0]['batch']}",
        commands=(
            "python benchmarks/equilibrium_step.py  # with torchdeq: see there",
            f"{EQUILIBRIUM_MNIST} layout=equilibrium_dense training.epochs=30 -m seed=0,1,2,3,4",
            f"{EQUILIBRIUM_MNIST} layout=dense_2 layout.width=95 layout.activation=relu training.epochs=30,60 "
            "-m seed=0,1,2,3,4",
            "python benchmarks/collect.py equilibrium mnist runs/equilibrium_mnist --command '...'",
        ),
        sections=(
            Section("A training step", "step", "Processor time of a step in turns, relative to ours, and the error of "
                    "the gradient relative to that of iterations to the limit of single precision. All stop at the "
                    "same relative residual but where it says otherwise.", equilibrium_tables.steps),
            Section("MNIST", "mnist", "The equilibrium beside a ReLU network of equal size, for as many epochs and for "
                    "about as much processor time. Test images, weights of the last epoch: nothing was selected by "
                    "them. Rate, decay and dropout were chosen by a tenth of the training images, and serve both.",
                    tables.ranking),
        ),
        limits="Times are of a small network on one thread of a shared machine: ratios within a round count.",
    ),
    Study(
        name="directed",
        title="Learning without a backward pass",
        main="gates",
        claim=equilibrium_tables.claim_directed,
        sample=lambda parts: f"{len(parts['gates']['rows'])} runs on truth tables, {len(parts['digits']['rows'])} on "
        "digits",
        commands=(
            "python benchmarks/directed.py",
            f"{DIRECTED_MNIST} layout=directed_mnist learning=equilibrium optimizer.lr=0.1 -m seed=0,1,2,3,4",
            f"{DIRECTED_MNIST} layout=directed_mnist optimizer.lr=0.1 -m seed=0",
            f"{DIRECTED_MNIST} layout=directed_mnist optimizer.lr=0.05,0.02 -m seed=0,1",
            f"{DIRECTED_MNIST} layout=directed_mnist optimizer.lr=0.05 training.clip_norm=1 -m seed=0,1",
            f"{DIRECTED_MNIST} layout=dense_2 layout.width=500 layout.activation=relu layout.dropout=0 norm=no_norm "
            "optimizer.lr=0.1 -m seed=0,1,2,3,4",
            "python benchmarks/collect.py directed mnist runs/directed_mnist --command '...'",
            f"{DIRECTED_MNIST} experiment_name=directed_mnist_rates dataset.split=holdout training.epochs=5 ...",
            "python benchmarks/directed_step.py",
        ),
        sections=(
            Section("Gates", "gates", "Learned: runs whose mean squared error is below 0.01 in all of the last 20 "
                    "epochs. Every row of a truth table trains and validates. Certified globally: a step brings any "
                    "two states closer. J + Jᵀ < 0: ds/dt does, which is not enough (docs/method/directed.md).",
                    equilibrium_tables.gates),
            Section("8x8 digits, 64-32-10", "digits", "360 test images, SGD with Nesterov's momentum of 0.9, 30 "
                    "epochs, weights of the last one; rates are chosen by these images. At each of the "
                    "two largest, one of five networks that learn by backpropagation stays far behind. Certified "
                    "locally, by the first 100 images: small disturbances of their states of rest fade; globally: as "
                    "above. CPU time is of a whole run: backpropagation goes back through "
                    "every step of a relaxation, the rule through none. It stands for energy, which was not measured.",
                    equilibrium_tables.digits),
            Section("MNIST, 784-500-10", "mnist", "Test images, weights of the last epoch: nothing was selected by "
                    "them. Beside the directed network, by equilibrium propagation and by backpropagation through its "
                    "relaxation, a ReLU network with two hidden layers of 500, trained by cross-entropy. SGD with "
                    "Nesterov's momentum of 0.9, cosine schedule. At the rate that is best after five epochs "
                    "backpropagation has 98.2 % after nine, and loses all in the tenth; at half and a fifth of it one "
                    "of two seeds diverges in the 13th or 12th, and its row has the weights before that. Both train to "
                    "the end with gradients clipped to a norm of 1. Processor time stands for energy.",
                    tables.ranking),
            Section("Rates for it", "mnist_rates", "By a tenth of the training images, after five epochs of one seed. "
                    "At 0.2 equilibrium propagation has lost two classes, whose "
                    "outputs stay at 0, at 0.3 more.",
                    tables.ranking),
            Section("A training step", "step", "784-500-10, batches of 64 random images: processor time by the weights "
                    "between neighbouring layers only, in turns with the whole matrix among the neurons, of which the "
                    "rest is zeros.", equilibrium_tables.step_by_blocks),
        ),
        limits="Gates have no other data than their truth tables.",
    ),
)  # fmt: skip
