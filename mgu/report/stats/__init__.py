"""Statistics of a ranked table.

Paired tests of a unit against every baseline over seeds and images, Holm's correction, the verdict in words, the power
to decide, the optimism of a selected winner, the expected best-so-far of a grid search, and the replication of the
paper's ranking.
"""

from mgu.report.stats.budget import BestSoFar, best_so_far
from mgu.report.stats.compare import Comparison, compare
from mgu.report.stats.correct import Bits, correct_of
from mgu.report.stats.holm import correct_for_many
from mgu.report.stats.images import mcnemar
from mgu.report.stats.optimism import Optimism, optimism
from mgu.report.stats.power import Variance, power, seeds_needed
from mgu.report.stats.replication import Pair, correlation, pair_with_paper
from mgu.report.stats.ttest import TTest, min_f_prime, t_tests
from mgu.report.stats.verdict import MARGIN, Verdict, judge
from mgu.report.stats.words import default_sentence, describe_verdict, search_sentence, verdict_sentence

__all__ = [
    "MARGIN",
    "BestSoFar",
    "Bits",
    "Comparison",
    "Optimism",
    "Pair",
    "TTest",
    "Variance",
    "Verdict",
    "best_so_far",
    "compare",
    "correct_for_many",
    "correct_of",
    "correlation",
    "default_sentence",
    "describe_verdict",
    "judge",
    "mcnemar",
    "min_f_prime",
    "optimism",
    "pair_with_paper",
    "power",
    "search_sentence",
    "seeds_needed",
    "t_tests",
    "verdict_sentence",
]
