"""Counts of what iterations needed: nothing that did not converge passes in silence."""

from __future__ import annotations

from dataclasses import dataclass, field

from mgu.equilibrium.solver import Solution


@dataclass
class Tally:
    """Sums up the solutions of one kind of system.

    Attributes:
        solves: Number of batches solved.
        iterations: Applications of the map, over all batches.
        most: Those of the batch that needed most.
        unconverged: Batches that ended above the tolerance.
        residual: Largest residual at the end of a batch: relative, of a directed network |ds/dt|.
    """

    solves: int = 0
    iterations: int = 0
    most: int = 0
    unconverged: int = 0
    residual: float = 0.0

    def add(self, solution: Solution, tolerance: float) -> None:
        """Counts one solution; a residual that is no number counts as not converged."""
        self.solves += 1
        self.iterations += solution.iterations
        self.most = max(self.most, solution.iterations)
        self.unconverged += not solution.residual <= tolerance
        self.residual = (
            max(self.residual, solution.residual) if solution.residual == solution.residual else float("inf")
        )

    def merge(self, other: Tally) -> None:
        """Adds the counts of another tally."""
        self.solves += other.solves
        self.iterations += other.iterations
        self.most = max(self.most, other.most)
        self.unconverged += other.unconverged
        self.residual = max(self.residual, other.residual)

    @property
    def mean_iterations(self) -> float:
        """Mean number of applications of the map for a batch; 0 without any."""
        return self.iterations / self.solves if self.solves else 0.0


@dataclass
class SolverStatistics:
    """Holds the tallies of a layer.

    Attributes:
        train: Of forward passes in training.
        evaluate: Of forward passes in evaluation.
        backward: Of backward passes.
    """

    train: Tally = field(default_factory=Tally)
    evaluate: Tally = field(default_factory=Tally)
    backward: Tally = field(default_factory=Tally)

    def merge(self, other: SolverStatistics) -> None:
        """Adds those of another layer."""
        self.train.merge(other.train)
        self.evaluate.merge(other.evaluate)
        self.backward.merge(other.backward)

    def clear(self) -> None:
        """Sets all counts to zero."""
        self.train, self.evaluate, self.backward = Tally(), Tally(), Tally()
