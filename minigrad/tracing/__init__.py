"""The backward pass written down, step by step, as the engine takes it."""

from .recorder import trace_backward
from .records import Contribution, Gradient, Hooked, Record, Seed, TracedNode, Update
from .rules import Rule, rule_of
from .trace import Trace
from .written import Expression

__all__ = [
    "Contribution",
    "Expression",
    "Gradient",
    "Hooked",
    "Record",
    "Rule",
    "Seed",
    "Trace",
    "TracedNode",
    "Update",
    "rule_of",
    "trace_backward",
]
