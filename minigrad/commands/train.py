"""`minigrad train`: a network for a data set or a file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from ..data import datasets
from ..train import OPTIMIZERS, ConfigError, RunConfig, resume, train
from ..train.config import NETWORKS, RUN_SCHEDULES, read_settings

_DEFAULT = RunConfig()
_TRAIN = """Train a network on a data set or a file, a quarter of which is held out to test it.
All randomness comes from the seed: the same command gives the same weights."""
_TRAIN_MORE = """The run folder gets config.json, metrics.jsonl (a line an epoch),
checkpoint.safetensors, model.safetensors, curves.svg and graph.svg. Features and regression targets
are standardized, so that squared errors are in units of the targets' variance. Exit codes: 0 done,
1 the loss became infinite or NaN, 2 bad input or options, 130 or 143 stopped by Ctrl-C or SIGTERM,
after which --resume goes on, bit for bit."""


def add_train(commands: Any) -> None:
    # Options that are not given stay out of the result, for --resume must know which were.
    parser = commands.add_parser(
        "train",
        help="train a network on a data set or a file",
        description=_TRAIN,
        epilog=_TRAIN_MORE,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.set_defaults(command=_train)
    _add_data(parser.add_argument)
    _add_settings(parser.add_argument)
    _add_folders(parser.add_argument)


def _train(options: dict[str, Any]) -> int:
    paths = options.pop("data")
    if len(paths) > 2:
        raise ConfigError(f"expected a name or a file, or two IDX files, found {len(paths)}")
    settings = {**options, **dict(zip(("data", "labels"), paths, strict=False))}
    as_json, out, folder, file = (settings.pop(n) for n in ("json", "out", "resume", "config"))
    settings = settings if file is None else {**read_settings(file), **settings}
    lines = sys.stderr if as_json else sys.stdout
    if folder is None:
        result = train(RunConfig(**settings), out, lines=lines)
    else:
        result = resume(folder, settings, out, lines=lines)
    if as_json:
        print(result.to_json())
    return 0 if result.signal is None else 128 + result.signal


def _add_data(add: Callable[..., Any]) -> None:
    names = ", ".join(datasets.names())
    add(
        "data",
        nargs="*",
        default=[],
        metavar="DATA",
        help=f"one of {names}; or a .csv, .tsv or .npz file; or two IDX files, images and labels"
        f" (default: {_DEFAULT.data})",
    )
    add("--target", metavar="COL", help="target column of a CSV file, by name or position from 0")
    add("--task", metavar="TASK", help="classification or regression (default: as targets suggest)")


def _add_settings(add: Callable[..., Any]) -> None:
    widths = "; ".join(f"{name} {','.join(map(str, w))}" for name, w in NETWORKS.items())
    add(
        "--model",
        metavar="NAME",
        help=f"{', '.join(NETWORKS)}; all but mlp read square images (default: {_DEFAULT.model})",
    )
    add(
        "--hidden",
        type=_widths,
        metavar="WIDTHS",
        help=f"widths of the hidden layers, for a cnn the channels; none is a linear model"
        f" (default: {widths})",
    )
    optimizers = ", ".join(OPTIMIZERS)
    add("--optimizer", metavar="NAME", help=f"{optimizers} (default: {_DEFAULT.optimizer})")
    add("--lr", type=float, help="learning rate (default: as `minigrad optimizers` lists)")
    add(
        "--epochs", type=int, metavar="N", help=f"passes over the data (default: {_DEFAULT.epochs})"
    )
    add(
        "--batch-size",
        type=int,
        metavar="N",
        help=f"rows in a batch; gd and lbfgs always take all (default: {_DEFAULT.batch_size})",
    )
    add(
        "--schedule",
        metavar="NAME",
        help=f"of the learning rate: {', '.join(RUN_SCHEDULES)} (default: none)",
    )
    add("--warmup", type=int, metavar="N", help="steps that lead up to the rate (default: 0)")
    add(
        "--weight-decay",
        type=float,
        metavar="X",
        help="of all but biases (default: adamw 0.01, others 0)",
    )
    add("--clip-norm", type=float, metavar="X", help="the largest norm of all gradients together")
    _add_around(add)
    add("--seed", type=int, metavar="N", help=f"of all randomness (default: {_DEFAULT.seed})")
    add(
        "--compile",
        nargs="?",
        const="numpy",
        metavar="BACKEND",
        help="record the training step once and replay it, with numpy (unless named otherwise;"
        " gives the same bits) or numba",
    )


def _add_around(add: Callable[..., Any]) -> None:
    add(
        "--lookahead",
        type=int,
        nargs="?",
        const=5,
        metavar="K",
        help="after every K steps of the optimizer, go back half of the way (default K: 5)",
    )
    add(
        "--sam",
        type=float,
        nargs="?",
        const=0.05,
        metavar="RHO",
        help="step by the gradient at the worst place within RHO (default RHO: 0.05)",
    )
    add(
        "--ema",
        type=float,
        nargs="?",
        const=0.99,
        metavar="DECAY",
        help="measure and keep a moving average of the weights (default DECAY: 0.99)",
    )
    add(
        "--early-stop",
        type=int,
        nargs="?",
        const=10,
        metavar="PATIENCE",
        help="stop after so many epochs without a better loss on validation rows, and keep the"
        " best epoch's weights (default PATIENCE: 10)",
    )
    add(
        "--validation",
        type=float,
        metavar="SHARE",
        help="of the rows to learn from, held out to validate on (default: 0.2 with --early-stop,"
        " else 0)",
    )


def _add_folders(add: Callable[..., Any]) -> None:
    add("--out", default=None, metavar="DIR", help="run folder (default: runs/DATA-1, -2, ...)")
    add(
        "--resume",
        default=None,
        metavar="DIR",
        help="go on with the run in DIR; only --epochs, --out and --json may be given anew",
    )
    add(
        "--config",
        default=None,
        metavar="FILE",
        help="a .toml file with these options by name, or a run's config.json; options given here"
        " count more",
    )
    add(
        "--json",
        action="store_true",
        default=False,
        help="print the result as one JSON object, and all else to standard error",
    )


def _widths(text: str) -> tuple[int, ...]:
    """`128,64` as (128, 64); nothing, or `none`, as ()."""
    if text.strip().lower() in ("", "none"):
        return ()
    try:
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected widths such as 128,64, or none, found {text!r}"
        ) from None
