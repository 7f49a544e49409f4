"""Bad command lines beside the values of fields: keys, groups, prefixes, sweeps, Hydra's own keys, flags, sub-commands."""

from __future__ import annotations

from collections.abc import Iterator

from mgu.cli.conf import conf_dir
from mgu.config.faults import GROUPS, known_keys
from mgu.config.prune import PruneConfig

KEYS = known_keys()
Line = tuple[str, ...]


def key_lines() -> Iterator[Line]:
    """Yields keys that are nearly those of the schema."""
    for key in KEYS:
        if key in GROUPS or ("." not in key and not key.isidentifier()):
            continue
        for other in (key[:-1], key + "s", key[:-2] + key[-1] + key[-2], key.upper(), f"{key}.more", f"hydra.{key}"):
            if other not in KEYS and not other.startswith("mgu.gate_bias"):
                yield (f"{other}=1",)
                yield (f"+{other}=1",)
    for key in PruneConfig.model_fields:
        yield ("prune", "run", f"{key[:-1]}=1")


def group_lines() -> Iterator[Line]:
    """Yields groups with what is none of their configurations."""
    for group in GROUPS:
        plus = "+" if group == "experiment" else ""
        choices = sorted(file.stem for file in (conf_dir() / group).glob("*.yaml"))
        wrong = [choices[0][:-1], choices[0] + "x", choices[0].upper(), "", "1", "1.5", "true", "null", "[]", "{}",
                 "{a:1}", f"[{choices[0]}]", "../layout/digits_2", "digits_2/..", ".", "/", "*", "\u00fc", "nan",
                 f"'{choices[0]} '", f" {choices[0]}x", f"{choices[0]}.yaml", f"{choices[0]},{choices[-1]}x"]  # fmt: skip
        for choice in wrong:
            if group not in ("norm", "residual") or choice not in ("null",):
                yield (f"{plus}{group}={choice}",)
        yield (f"{group}@other={choices[0]}x",)
        yield (f"~{group}={choices[0]}x",)
        yield (f"{group}/{choices[0]}=1",)
        yield (f"+{group}/x={choices[0]}",)
        yield ("-m", f"{plus}{group}={choices[0]},{choices[0]}x")
        yield ("-m", f"{plus}{group}=glob(none_such*)")


PREFIXED = (
    "+seed=1", "~seed", "~seed=5", "~training", "~training.epochs", "~none_such", "~optimizer", "~dataset", "~layout",
    "~norm", "~energy", "+training.epochs=3", "+norm=ln", "++norm=ln", "+dataset=digits", "+=1", "=", "=1", "~", "+", "++",
    "seed", "seed:=1", "==", "seed==1", "+seed", "~~seed", "+~seed=1", "seed.=1", ".seed=1", "seed..x=1", "seed[0]=1",
    "'seed'=1", "seed =1=", "se ed=1", "\u0441eed=1", "seed=1;training.epochs=2", "{seed:1}", "-seed=1", "--seed=1",
    "--seed", "-x", "seed 1", "\x00".strip("\x00") or "?", "seed=(1)", "seed=1)", "seed=[1", "seed={1", "seed='1", 'seed="1',
    "seed=$", "seed=${", "seed=${}", "seed=${seed}", "seed=${training.epochs", "seed=${none_such}", "seed=${oc.env:NONE_SUCH}",
    "seed=${oc.env:}", "seed=${unknown:1}", "seed=${.seed}", "seed=${training}", "training.epochs=${training.epochs}",
    "training=${training}", "training=${optimizer}", "optimizer.lr=${layout.name}", "runs_dir=${runs_dir}",
    "experiment_name=${experiment_name}", "seed=???", "training=???", "training.epochs=???", "mgu=???",
    "layout.dropout=${oc.decode:nan}", "seed=int(x)", "seed=float(1)", "seed=str(1)", "seed=json_str(1)", "seed=bool(1)",
    "seed=choice()", "seed=sort()", "seed=cast(1)", "seed=extend_list(1)", "training.epochs=int(1,2)", "seed=1 2",
    "seed=,", "seed=1,", "seed=,1", "seed=1,2", "seed=range(3)", "seed=glob(*)", "seed=interval(0,1)", "seed=choice(1,2)",
    "training=1", "training=[]", "training={epochs:0}", "training={epochs:1,epoch:2}", "training=null", "optimizer={}",
    "optimizer=null", "dataset={}", "dataset=null", "dataset.name=1", "dataset.name=[]", "dataset.name={}",
    "dataset.name=null", "dataset.name=mnistt", "layout={}", "energy=1", "energy.enabled=1", "mgu={}", "mgu=[]", "mgu=1",
    "mgu.gate=x", "mgu.decisive=1", "norm.name=xx", "training.epochs.x=1", "seed.x=1", "seed/x=1",
    "layout@seed=digits_2", "layout@=digits_2", "@layout=digits_2", "layout@x:y=digits_2", "config=1", "defaults=[]",
    "+defaults=[]", "_target_=x", "+_target_=x", "+dataset._target_=os.getcwd", "+self=1", "+model_config=1",
    "+__class__=1", "__dict__=1", "seed=__import__", "+a.b.c.d=1", "+" + "a." * 300 + "b=1", "=" * 200, "[" * 100,
    "seed=" + "[" * 400 + "]" * 400, "seed=" + "{a:" * 300 + "1" + "}" * 300, "seed=" + "(" * 400, "seed=" + "9" * 5000,
    "optimizer.lr=1e" + "9" * 400, "optimizer.lr=0x1p3", "optimizer.lr=1_0.0_", "optimizer.lr=.5.", "optimizer.lr=1e-400",
    "training.batch_size=64.0", "threads=0x2", "threads=0b1", "threads=0o7", "threads=1e1", "seed=+-1", "seed=--1",
    "seed=1e0", "seed=1.0", "seed=true", "training.epochs=1e3",
)  # fmt: skip
DUPLICATES = (
    ("seed=0", "seed=1"), ("seed=0", "seed=0"), ("layout=digits_2", "layout=digits_3"), ("norm=ln", "norm=bn_pre"),
    ("seed=0", "+seed=1"), ("seed=0", "++seed=1"), ("seed=0", "~seed"), ("~seed", "~seed"),
    ("training.epochs=1", "training.epochs=2"), ("+experiment=digits", "+experiment=gates"),
    ("-m", "seed=0", "seed=1"), ("-m", "seed=0,1", "seed=1,2"), ("-m", "layout=digits_2", "layout=digits_2,digits_3"),
    ("plan", "seed=0", "seed=1"), ("prune", "run", "epochs=1", "epochs=2"), ("seed=0", "training={epochs:3}", "seed=0"),
)  # fmt: skip


def word_lines() -> Iterator[Line]:
    """Yields words that Hydra's grammar, the schema or the project's rules refuse; one key twice."""
    yield from ((word,) for word in PREFIXED)
    yield from DUPLICATES


SWEEPS = (
    "seed=range(0,0)", "seed=range(5,0)", "seed=range(0,3,-1)", "seed=range(0,3,0)", "seed=range(0,100000000)",
    "seed=range(0,1,1e-300)", "seed=range(0,inf)", "seed=range(nan)", "seed=range(0,nan)", "seed=range(0.5,2)",
    "seed=range()", "seed=range(a)", "seed=range(0,1,2,3)", "seed=glob(*)", "seed=glob()", "layout=glob(x*)",
    "layout=glob(*,exclude=*)", "seed=interval(0,1)", "seed=tag(a)", "seed=choice()", "seed=choice(1,x)",
    "seed=0,x", "seed=0,-1", "seed=0,1.5", "seed=0,null", "seed=0,", "seed=,", "seed=0,[1]", "seed=shuffle(range(0,0))",
    "seed=sort(range(0,100000000))", "seed=shuffle(range(0,100000000))", "training=1,2", "optimizer.lr=1e-3,nan",
    "optimizer.lr=0,1", "training.epochs=1,0", "norm=ln,lm", "norm=ln,null", "residual=with,true",
    "+experiment=digits,gates", "+experiment=glob(*)", "~seed,training", "hydra.sweeper.seeds=[0]", "device=cpu,gpu",
    "dataset=digits,digts", "seed=range(0,10),range(5)", "seed=sort(3,x)", "threads=0,1", "runs_dir=a,1",
    "layout.name=a,b/c", "experiment_name=a,..", "seed=range(0,3) seed", "x=1,2", "+x=1,2", "training.epoch=1,2",
)  # fmt: skip
PRODUCTS = (
    ("seed=range(0,9999)", "training.epochs=range(1,9999)"),
    ("seed=range(0,9999)", "training.epochs=range(1,9999)", "layout=glob(digits*)", "norm=glob(*)"),
    ("+experiment=digits", "seed=range(0,1000000)"),
    ("+experiment=digits", "norm=ln", "mgu=reference"),
    ("+experiment=digits", "seed=range(0,0)"),
    ("+experiment=gates", "hydra.sweeper.grids.units.mgu=x"),
)


def sweep_lines() -> Iterator[Line]:
    """Yields sweeps without values, with too many, and with wrong ones."""
    for word in SWEEPS:
        yield ("-m", word)
        yield ("plan", word)
    for words in PRODUCTS:
        yield ("-m", *words)


HYDRA = (
    "hydra.sweeper.seeds=[x]", "hydra.sweeper.seeds=3", "hydra.sweeper.seeds=[-1]", "hydra.sweeper.seeds=[true]",
    "hydra.sweeper.seeds=[0]", "hydra.sweeper.seeds={}", "hydra.sweeper.plan=foo", "hydra.sweeper.plan=1",
    "hydra.sweeper.plan=true", "hydra.sweeper.plan=[]", "hydra.sweeper.calibrate=7", "hydra.sweeper.calibrate=x",
    "hydra.sweeper.calibrate=null", "hydra.sweeper.strategy=luck", "hydra.sweeper.strategy=3",
    "hydra.sweeper.strategy=[]", "hydra.sweeper.strategy=null", "hydra.sweeper.grids=3", "hydra.sweeper.grids=[]",
    "hydra.sweeper.grids=x", "+hydra.sweeper.grids.a=b", "+hydra.sweeper.grids.a.layout=3", "+hydra.sweeper.grids.a.x=1",
    "+hydra.sweeper.grids.a.layout=[digits_2]", "+hydra.sweeper.grids.a.layout=null", "+hydra.sweeper.grids.a.layout={}",
    "+hydra.sweeper.grids={a:{'':1}}", "hydra.sweeper.max_batch_size=0", "hydra.sweeper.max_batch_size=-1",
    "hydra.sweeper.max_batch_size=x", "hydra.sweeper.params=3", "hydra.sweeper.params=[]", "+hydra.sweeper.x=1",
    "hydra.sweeper._target_=x", "hydra.sweeper._target_=os.system", "hydra/sweeper=optuna", "hydra/sweeper=grid",
    "hydra/launcher=slurm", "hydra/launcher=none", "hydra/launcher=1", "hydra/help=x", "hydra/hydra_help=x",
    "hydra/job_logging=x", "hydra/hydra_logging=x", "hydra/output=x", "hydra/none=x", "hydra.launcher=3",
    "hydra.launcher._target_=x", "+hydra.launcher.n_jobs=2", "hydra.mode=x", "hydra.mode=3", "hydra.verbose={",
    "hydra.run.dir=[]", "hydra.searchpath=3", "hydra.searchpath=[3]", "hydra.searchpath=[file:///none_such]",
    "hydra.searchpath=[pkg://none_such]", "hydra.searchpath=[x]", "hydra.searchpath=x", "hydra.job.chdir=maybe",
    "hydra.job.num=x", "hydra.foo=1", "+hydra.foo=1", "hydra=1", "~hydra", "~hydra.run", "~hydra.sweeper", "hydra.job=1",
    "hydra.overrides=1", "hydra.runtime=1", "hydra.callbacks=3", "hydra.sweep=1", "hydra.sweep.dir=[]",
    "hydra.sweeper=null", "hydra.launcher=null", "hydra.help=1", "hydra.job.env_set=3", "hydra.job.name=[]",
)  # fmt: skip


def hydra_lines() -> Iterator[Line]:
    """Yields Hydra's own keys with wrong values, in a single run and in a sweep."""
    for word in HYDRA:
        yield (word,)
        yield ("-m", "seed=0,1", word)


FLAGS = (
    ("-m", "--cfg", "job"), ("--run", "-m"), ("--run", "--cfg", "job"),
    ("--cfg",), ("--cfg", "x"), ("-c",), ("-c", "x"), ("--info", "x"), ("--info", "--cfg", "job"), ("--resolve",),
    ("--config-name",), ("--config-name=x",), ("--config-path=x",), ("--config-path",), ("--config-dir=missing",),
    ("--config-dir",), ("--config-dir", "missing", "seed=0"), ("--package",), ("--package", "x"), ("-p", "x", "seed=0"),
    ("--cfg", "job", "--package", "none_such"), ("--experimental-rerun",), ("--experimental-rerun", "missing"),
    ("--experimental-rerun", "table.csv"), ("--shell-completion",), ("--shell-completion", "install=bash", "-m"),
    ("--shell-completion", "install=none"), ("--shell-completion", "foo"), ("-sc", "install=bash,zsh"),
    ("-m=1",), ("--multirun=1",), ("--help=1",), ("-hx",), ("--he",), ("--mult",), ("--conf", "x"), ("--cfg=job=1",),
    ("--", "x"), ("-",), ("---",), ("--=",), ("--multirun", "--info"), ("--cfg", "job", "x"),
    ("--cfg", "job", "seed=x=["), ("--cfg", "job", "laout=1"), ("--help", "laout=1"), ("--help", "layout=x"),
    ("--hydra-help", "x"), ("", ), (" ",), ("\n",), ("seed=0", ""), ("\u00fcber",),
    ("\x1b[31m=1",), ("seed=\x1b[31m",), ("seed=\x07",), ("\x07",), ("layout=\x1b[2J",), ("+\x1b[2J=1",), ("plan", "\x1b"),
    ("report", "\x1b[2J"), ("explain", "\x1b[2J"), ("prune", "\x1b[2J"), ("prune", "run", "\x1b[2J=1"),
    ("prune", "run", "epochs=\x1b[2J"), ("report", "--format", "\x1b[2J"), ("seed=\udcff",), ("\udcff",),
    ("report", "\udcff"), ("explain", "\udcff"), ("prune", "x", "\udcff=1"),
)  # fmt: skip
SUB_COMMANDS = (
    ("report", "nowhere"), ("report", "--format"), ("report", "--format", "xml"), ("report", "--format", ""),
    ("report", "--margin"), ("report", "--margin", "x"), ("report", "--margin", "nan"), ("report", "--margin", "inf"),
    ("report", "--margin", "-1"), ("report", "--margin", "1e9"), ("report", "--margin", ""), ("report", "--pictures"),
    ("report", "--pictures", "x", "--format", "md"), ("report", "--foo"), ("report", "-x"), ("report", "seed=1"),
    ("report", ""), ("report", "table.csv"), ("report", "/dev/zero"), ("report", "/dev/null"), ("report",),
    ("report", "--format", "md", "--format", "xml"), ("report", "--by"), ("report", "-m"), ("report", "a" * 5000),
    ("explain",), ("explain", "nowhere"), ("explain", "a", "b"), ("explain", "--out"), ("explain", "--format", "md", "x"),
    ("explain", "x", "--foo"), ("explain", ""), ("explain", "table.csv"), ("explain", "/dev/zero"), ("explain", "."),
    ("explain", ".."), ("explain", "/"), ("explain", "a" * 5000), ("explain", "x", "seed=1"), ("explain", "*"),
    ("prune",), ("prune", "nowhere"), ("prune", "nowhere", "other"), ("prune", "epochs=2"), ("prune", "--export"),
    ("prune", "run", "--export", "tf"), ("prune", "run", "--foo"), ("prune", ""), ("prune", "table.csv"), ("prune", "."),
    ("prune", "/dev/zero"), ("prune", "run", "epochs"), ("prune", "run", "=1"), ("prune", "run", "epochs=["),
    ("prune", "run", "epochs=&a [*a]"), ("prune", "run", "epochs=!!python/object:os.system"), ("prune", "run", "epochs=*a"),
    ("prune", "run", "epochs=2001-01-01"), ("prune", "run", "thresholds=0.1"), ("prune", "run", "thresholds=[0.1,nan]"),
    ("prune", "run", "+epochs=1"), ("prune", "run", "~epochs"), ("prune", "run", "epochs=1,2"), ("prune", "a", "b=1", "c"),
    ("prune", "run", "epochs=" + "[" * 5000), ("prune", "run", "-m"), ("prune", "run", "seed=1"),
    ("plan", "--format"), ("plan", "--format", "xml"), ("plan", "--foo"), ("plan", "report"), ("plan", "plan"),
    ("plan", "seed"), ("plan", "seed=x"), ("plan", "laout=1"), ("plan", "--calibrate=1"), ("plan", "--form", "json"),
    ("plan", "-x"), ("plan", "--cfg", "job"), ("plan", "--run"), ("plan", "--info"), ("plan", "hydra.mode=RUN", "seed=0,1"),
    ("plan", "hydra.sweeper.plan=json"), ("plan", "hydra/sweeper=basic"), ("plan", "--config-dir", "missing"),
    ("reprot",), ("explian", "x"), ("pln",), ("train",), ("run", "seed=0"), ("seed=0", "report"), ("-m", "report"),
    ("help",), ("version",), ("report", "report"), ("diff",), ("check",),
)  # fmt: skip


def argument_lines() -> Iterator[Line]:
    """Yields flags and arguments of the sub-commands that do not exist, have no value or a wrong one."""
    yield from FLAGS
    yield from SUB_COMMANDS
