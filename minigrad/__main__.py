"""The command line: arguments only. Also `python -m minigrad`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, viz
from .data import DataError, datasets
from .files import write_atomically
from .optim import EMA, SAM, Lookahead, schedules
from .optim.description import described
from .subjects import Subject, SubjectError, subject_of
from .tracing import trace_backward
from .train import (
    OPTIMIZERS,
    CheckpointError,
    ConfigError,
    DivergedError,
    RunConfig,
    resume,
    train,
)
from .train.config import NETWORKS, RUN_SCHEDULES, read_settings

_DEFAULT = RunConfig()
_TRAIN = """Train a network on a data set or a file, a quarter of which is held out to test it.
All randomness comes from the seed: the same command gives the same weights."""
_TRAIN_MORE = """The run folder gets config.json, metrics.jsonl (a line an epoch),
checkpoint.safetensors, model.safetensors, curves.svg and graph.svg. Features and regression targets
are standardized, so that squared errors are in units of the targets' variance. Exit codes: 0 done,
1 the loss became infinite or NaN, 2 bad input or options, 130 or 143 stopped by Ctrl-C or SIGTERM,
after which --resume goes on, bit for bit."""

_GRAPH = """Draw the graph of a loss; or, with --step, write a page on which its backward pass can
be walked through, and with --trace, print that pass as a table."""
_GRAPH_MORE = """SUBJECT is an expression in NumPy's functions and those of minigrad.functional,
such as "tanh(x*w + b)", in which := names an intermediate result; or a Python file and a function
in it that returns the loss, or the loss and an optimizer; or the folder of a run of minigrad
train."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what follows the program's name; None takes them from the command line.

    Returns:
        The exit code: 0 done, 1 training diverged, 2 bad input, 128 + n stopped by signal n.

    Raises:
        SystemExit: after `--help`, `--version` (0) or options that cannot be read (2).

    Example:
        >>> from minigrad.__main__ import main
        >>> main(["train", "iris", "--epochs", "0"])
        2
    """
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    try:
        code: int = command(options)
        print(end="", flush=True)  # here, where a closed pipe can still be handled
    except BrokenPipeError:
        # The reader has left. Python would complain when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as of a program that was ended by SIGPIPE
    except KeyboardInterrupt:
        return _fail("interrupted", 128 + signal.SIGINT)
    except DivergedError as error:
        return _fail(str(error), 1)
    except OSError as error:
        placed = error.filename is not None and error.strerror is not None
        return _fail(f"{error.filename}: {error.strerror}" if placed else str(error), 2)
    except (
        CheckpointError, ConfigError, DataError, ImportError, MemoryError, SubjectError
    ) as error:  # fmt: skip
        return _fail(str(error), 2)
    return code


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


def _optimizers(options: dict[str, Any]) -> int:
    around = {"--lookahead K": Lookahead, "--sam RHO": SAM, "--ema DECAY": EMA}
    kinds = {**OPTIMIZERS, **around}
    left_out = ("params", "options", "optimizer", "of")
    print(*(described(name, kind, left_out) for name, kind in kinds.items()), sep="\n\n")
    return 0


def _schedules(options: dict[str, Any]) -> int:
    print(*schedules.table(), sep="\n\n")
    return 0


def _graph(options: dict[str, Any]) -> int:
    subject = subject_of(options["subject"], options["at"], options["rows"])
    out = options["out"]
    try:
        if options["trace"]:
            return _print_trace(subject, out)
        if options["step"]:
            return _write_page(subject, out or "backward.html")
        return _draw(subject, out or "graph.svg", options)
    except (RuntimeError, ValueError) as error:
        raise SubjectError(str(error)) from error


def _draw(subject: Subject, out: str, options: dict[str, Any]) -> int:
    kind = options["kind"]
    if kind == "step" and subject.optimizer is None:
        raise SubjectError(
            "--kind step shows an update: give a run, or a function that returns the loss and an "
            "optimizer"
        )
    drawing = viz.draw(
        subject.loss,
        kind=kind,
        depth=options["depth"],
        rankdir=options["rankdir"],
        optimizer=subject.optimizer if kind == "step" else None,
        values=options["values"],
        gradients=options["values"],
    )
    drawing.save(out)
    print(out)
    return 0


def _print_trace(subject: Subject, out: str | None) -> int:
    trace = trace_backward(subject.loss, optimizer=subject.optimizer)
    if out is None:
        print(trace)
    else:
        is_json = Path(out).suffix == ".json"
        write_atomically(out, (trace.to_json() if is_json else f"{trace}\n").encode())
        print(out)
    return 0


def _write_page(subject: Subject, out: str) -> int:
    print(viz.step_through(subject.loss, out, optimizer=subject.optimizer, title=subject.title))
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all others here."""

    def error(self, message: str) -> NoReturn:
        self.exit(_fail(message, 2))


def _fail(message: str, code: int) -> int:
    print("minigrad: error:", " ".join(message.split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="minigrad", description="Train small networks from the command line.")
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_train(commands)
    _add_graph(commands)
    for name, command, what in (
        ("optimizers", _optimizers, "list the update rules: formula, defaults, source"),
        ("schedules", _schedules, "list the schedules: formula, arguments, source"),
    ):
        commands.add_parser(name, help=what, description=what).set_defaults(command=command)
    return parser


def _add_train(commands: Any) -> None:
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


def _depth(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number of levels, from 0 on, got {text!r}")
    return int(text)


def _add_graph(commands: Any) -> None:
    parser = commands.add_parser(
        "graph",
        help="draw a graph, or walk through its backward pass",
        description=_GRAPH,
        epilog=_GRAPH_MORE,
        allow_abbrev=False,
    )
    parser.set_defaults(command=_graph)
    add = parser.add_argument
    add("subject", metavar="SUBJECT", help="an expression, SCRIPT.py:FUNCTION, or a run's folder")
    add("--at", metavar="VALUES", help="of the expression's names: x=2,w=[1,-3]")
    add(
        "--rows",
        type=int,
        default=8,
        metavar="N",
        help="rows of a run's data that go through its network (default: 8)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--step", action="store_true", help="write a page to walk through the backward pass"
    )
    what.add_argument(
        "--trace", action="store_true", help="print the backward pass as a table, step by step"
    )
    what.add_argument(
        "--kind",
        choices=("forward", "backward", "step"),
        help="what is drawn: the forward graph (default), its backward pass, or a whole step with"
        " the update",
    )
    add("--depth", type=_depth, metavar="N", help="levels of modules that are drawn open")
    add(
        "--values",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw values and gradients (default), or not",
    )
    add(
        "--rankdir",
        choices=("TB", "LR", "BT", "RL"),
        default="LR",
        help="the direction of the drawing: top to bottom, left to right (default), or back",
    )
    add(
        "-o",
        "--out",
        metavar="FILE",
        help="the drawing (.svg, .png, .pdf, .dot, .txt; default: graph.svg), the page (.html;"
        " default: backward.html), or the trace (.json, or else text; default: standard output)",
    )


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


if __name__ == "__main__":
    sys.exit(main())
