"""`mgu-run search=... -m`: prepares studies, and runs, replays or shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from mgu.cli.study.replay import replay_studies
from mgu.cli.study.studies import PlannedStudy, plan_studies
from mgu.console.text import count, print_line
from mgu.errors import ProgramError, RunsFailed, UserError
from mgu.results.on_disk.closed import ClosedRun
from mgu.results.on_disk.folder import runs_dir
from mgu.results.on_disk.result_file import ForeignResult
from mgu.search.damage import describe_damage
from mgu.search.grids import Grids
from mgu.search.space import some_point
from mgu.sweep.concurrency import check_launcher, find_concurrency
from mgu.sweep.search.confirm import confirm
from mgu.sweep.search.failed import describe_failed
from mgu.sweep.search.notify import notifying_of
from mgu.sweep.search.study_run import StudyRun, num_ended, prepare, run_study, work_apart
from mgu.sweep.search.warm_start import check_folder, describe_used_up, tell_finished
from mgu.sweep.search.worker import TrialSettings
from mgu.text.hydra_quoting import quote

# Takes the overrides of each worker and returns what became of it. None: Hydra's own launcher, with which this process
# is the only worker.
LaunchWorkers = Callable[[list[list[str]]], list[Any]] | None


def search(
    loader: ConfigLoader,
    master: DictConfig,
    grids: Grids,
    overrides: Sequence[str],
    launch: LaunchWorkers,
    plan: str | None = None,
) -> None:
    """Carries out the studies of a command line, one after the other.

    Args:
        loader: Hydra's loader of configurations.
        master: Configuration of the sweep itself.
        grids: The grids of the experiment.
        overrides: Those of the command line.
        launch: Launches workers; None: this process works at the studies itself.
        plan: "table" or "json" shows what would be done, and trains nothing.

    Raises:
        UserError: A setting is not legal, or a trial cannot be trained here.
        RunsFailed: A trial failed by an error, or a worker did, or another version of this package trained one.
    """
    planned = plan_studies(loader, master, grids, overrides)
    if plan:
        from mgu.cli.study.plan import show_searches

        return show_searches(planned, plan)
    if any(planned_study.settings.search.replay for planned_study in planned):
        return replay_studies(planned)
    launcher = str(OmegaConf.select(master, "hydra.runtime.choices.hydra/launcher")) if launch else "basic"
    for planned_study in planned:
        check_launcher(launcher, planned_study.start.parallel, is_search=True)
        if launch is None and planned_study.settings.search.workers > 1:
            raise UserError(
                f"search.workers must be 1 without a launcher, but got {planned_study.settings.search.workers}. Pass "
                f"parallel={planned_study.settings.search.workers}, or hydra/launcher=joblib."
            )
        if planned_study.settings.warm_start.folder is not None:
            check_folder(Path(planned_study.settings.warm_start.folder).expanduser())
    announced: set[str] = set()
    study_runs = [as_study_run(planned_study, announced) for planned_study in planned]
    if len(study_runs) > 1:
        print_line(f"{len(study_runs)} studies, one after the other")
    with notifying_of(study_runs):
        prepare(study_runs)
        failures: list[str] = []
        for planned_study, study_run in zip(planned, study_runs, strict=True):
            try:
                failures += _run(
                    planned_study, study_run, None if launch is None else _launching(planned_study, launch)
                )
            except (ForeignResult, ClosedRun) as error:  # the other studies can go on
                failures.append(f"{study_run.study.title} stopped: {error} The same command goes on then.")
        if failures:
            raise RunsFailed("\n".join(failures))


def _run(planned: PlannedStudy, study_run: StudyRun, launch: Callable[[StudyRun], None] | None) -> list[str]:
    """Runs one study with what comes before its first trial and after its last one; returns what failed, in lines."""
    settings = planned.settings
    for line in describe_damage(study_run.study.title, study_run.study.read()):
        print_line(line)
    if settings.warm_start.folder is not None:
        folder = Path(settings.warm_start.folder).expanduser()
        told = tell_finished(study_run, folder, settings.warm_start.charge)
        print_line(f"{count(told, 'finished run')} told before the first trial" if told else "told when it began")
        if told and (line := describe_used_up(study_run, told)):
            print_line(line)
    history = run_study(study_run, launch)
    failures = [describe_failed(study_run, history)]
    if settings.confirm.top:
        failures.append(confirm(study_run, history, settings.confirm.top, settings.confirm.seeds))
    return [line for line in failures if line]


def _launching(planned: PlannedStudy, launch: Callable[[list[list[str]]], list[Any]]) -> Callable[[StudyRun], None]:
    """Returns what launches the workers of a study, again while some die and others have ended trials."""
    runs = f"runs_dir={quote(str(runs_dir(planned.start).absolute()))}"
    others = [override for override in planned.overrides if not override.startswith("runs_dir=")]
    given = ",".join(map(quote, (*others, runs)))
    job = [*planned.single, runs, f"hydra.sweeper.words=[{given}]"]

    def work(study_run: StudyRun) -> None:
        before = -1
        while (ended := num_ended(study_run)) > before:
            before = ended
            try:
                answers = launch([job] * planned.settings.search.workers)
            except (UserError, RunsFailed, ProgramError):
                raise
            except Exception as error:  # a worker was killed: the launcher gives up, but trials are on disk
                print_line(f"the launcher stopped: {type(error).__name__}: {error}".splitlines()[0])
                continue
            for answer in answers:
                if isinstance(answer, UserError | RunsFailed | ProgramError):
                    raise answer
                if isinstance(answer, Exception):
                    print_line(f"a worker stopped: {type(answer).__name__}: {answer}".splitlines()[0])
            if not any(isinstance(answer, Exception) for answer in answers):
                return
        raise RunsFailed("the workers ended without ending a trial; the same command goes on with the study.")

    return work


def work(overrides: list[str]) -> str:
    """Works on a study in a process of a launcher.

    Args:
        overrides: Those of the study.

    Returns:
        "done".

    Raises:
        UserError: A trial cannot be trained here, or what is searched has changed since the command began.
        RunsFailed: Too many trials failed.
    """
    master: Any = HydraConfig.instance().cfg  # the whole configuration, of which Hydra's own part is typed
    grids: Any = OmegaConf.to_container(master.hydra.sweeper.grids, resolve=True)
    [planned] = plan_studies(GlobalHydra.instance().config_loader(), master, Grids(grids or {}), overrides)
    if not planned.study.folder.is_dir():  # which the command has opened: this is another study
        raise UserError(
            f"a worker must search what its command began, but there is no {planned.study.folder}: a file of data or "
            "code has changed since. Put it back, and the same command goes on."
        )
    work_apart(as_study_run(planned, set()))
    return "done"


def as_study_run(planned: PlannedStudy, announced: set[str]) -> StudyRun:
    """Returns a planned study with how its trials are trained; `announced` is that of all studies of the command."""
    space, settings = planned.study.space, planned.settings.search
    example = planned.start if space.measure is not None else planned.configure(some_point(space), 0)
    concurrency = find_concurrency([example])
    trials = TrialSettings(
        planned.configure,
        threads=concurrency.threads,
        second=settings.second,
        fixed_seed=planned.fixed_seed,
        max_failures=settings.max_failures,
    )
    return StudyRun(planned.study, trials, example, concurrency.number, announced)
