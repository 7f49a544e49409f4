"""What a study tries next: the strategy's wish, unless that has been tried before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mgu.search.space import Key, Point, Space
from mgu.search.strategy import Proposal, Strategy, Trial, generator_for, is_multi_fidelity

AT_ONCE = 4  # other points that a strategy is asked for where it wants one that has been tried
MOST_LISTED = 10_000  # points of a space that are looked through for one that is left
DRAWS = 1000


def propose(
    strategy: Strategy, space: Space, seed: int, trials: Sequence[Trial], tried: Collection[Key]
) -> Proposal | None:
    """Returns what to try next.

    A point that has been tried is not tried again, unless the strategy may repeat, and one that is not legal is never
    tried, for strategies such as Optuna's do not know the rules of a space: the strategy is asked for several others,
    then the neighbours of its wish are taken, then any point that is left.

    Args:
        strategy: The strategy.
        space: What it searches.
        seed: Seed of the study.
        trials: All trials so far by number, those that are running included.
        tried: Keys of their points.

    Returns:
        The proposal; None: the strategy asks for nothing, or the space is used up.
    """
    if is_multi_fidelity(strategy):  # it knows itself what it continues
        proposals = strategy.propose(trials, 1)
        return proposals[0] if proposals else None
    if space.size is not None and len(tried) >= space.size and not strategy.may_repeat:
        return None
    wished = strategy.ask(trials, 1)
    if not wished:
        return None
    for point in _others(strategy, space, seed, trials, wished[0]):
        if (strategy.may_repeat or space.key(point) not in tried) and space.is_legal(space.canonical(point)):
            return Proposal(space.canonical(point))
    return None


def _others(strategy: Strategy, space: Space, seed: int, trials: Sequence[Trial], wished: Point) -> Iterator[Point]:
    """Yields the wish, then what stands for it where it cannot be tried."""
    yield wished
    yield from strategy.ask(trials, AT_ONCE)
    yield from space.neighbours(wished)
    generator = generator_for(seed, len(trials), "instead")
    if space.size is not None and space.size <= MOST_LISTED:
        points = list(space.points())
        generator.shuffle(points)
        yield from points
    else:
        for _ in range(DRAWS):
            yield space.sample(generator)


def seed_of(study_seed: int, repeat: int) -> int:
    """Returns the seed of a trial's run, which is drawn from the stream of the study.

    All first tries of a study have one seed, as a grid has: their differences are those of the points. A point that is
    tried again has another one.

    Args:
        study_seed: Seed of the study.
        repeat: How often the point has been tried before.

    Returns:
        A seed in 0..2^31 - 1.
    """
    return generator_for(study_seed, repeat, "seed").randrange(2**31)
