"""`minigrad graph`: drawings, and backward passes step by step."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import viz
from ..files import write_atomically
from ..subjects import Subject, SubjectError, subject_of
from ..tracing import trace_backward

_GRAPH = """Draw the graph of a loss; or, with --step, write a page on which its backward pass can
be walked through, and with --trace, print that pass as a table."""
_GRAPH_MORE = """SUBJECT is an expression in NumPy's functions and those of minigrad.functional,
such as "tanh(x*w + b)", in which := names an intermediate result; or a Python file and a function
in it that returns the loss, or the loss and an optimizer; or the folder of a run of minigrad
train."""


def add_graph(commands: Any) -> None:
    parser = commands.add_parser(
        "graph",
        help="draw a graph, or walk through its backward pass",
        description=_GRAPH,
        epilog=_GRAPH_MORE,
        allow_abbrev=False,
    )
    parser.set_defaults(command=_graph)
    _add_subject(parser.add_argument)
    _add_what(parser.add_mutually_exclusive_group().add_argument)
    _add_looks(parser.add_argument)
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE",
        help="the drawing (.svg, .png, .pdf, .dot, .txt; default: graph.svg), the page (.html;"
        " default: backward.html), or the trace (.json, or else text; default: standard output)",
    )


def _add_subject(add: Callable[..., Any]) -> None:
    add("subject", metavar="SUBJECT", help="an expression, SCRIPT.py:FUNCTION, or a run's folder")
    add("--at", metavar="VALUES", help="of the expression's names: x=2,w=[1,-3]")
    add(
        "--rows",
        type=int,
        default=8,
        metavar="N",
        help="rows of a run's data that go through its network (default: 8)",
    )


def _add_what(add: Callable[..., Any]) -> None:
    add("--step", action="store_true", help="write a page to walk through the backward pass")
    add("--trace", action="store_true", help="print the backward pass as a table, step by step")
    add(
        "--kind",
        choices=("forward", "backward", "step"),
        help="what is drawn: the forward graph (default), its backward pass, or a whole step with"
        " the update",
    )


def _add_looks(add: Callable[..., Any]) -> None:
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


def _depth(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a number of levels, from 0 on, got {text!r}")
    return int(text)


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
