"""Where the time goes: each operation and derivative rule timed, by operation and by module."""

from .profile import profile
from .rows import Row
from .span import Span

__all__ = ["Row", "Span", "profile"]
