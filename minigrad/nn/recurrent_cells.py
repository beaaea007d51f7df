"""Recurrent cells: one step at a time."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from ..conversion import get_default_dtype
from ..functional.cells import GRU, LSTM, RELU, TANH, Cell
from ..functional.recurrent import projected
from ..parameter import Parameter
from .module import Module
from .sequences import check_input, given_state

Nonlinearity: TypeAlias = Literal["tanh", "relu"]
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def simple_cell(nonlinearity: str) -> Cell:
    """The cell of a plain recurrent network, by the name of its activation."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'nonlinearity must be "tanh" or "relu", got {nonlinearity!r}')
    return TANH if nonlinearity == "tanh" else RELU


def drawn(
    cell: Cell, inputs: int, hidden: int, bias: bool, rng: np.random.Generator
) -> dict[str, Parameter | None]:
    """The parameters of a cell, all U(-a, a) with a = 1 / sqrt(hidden), in PyTorch's order."""
    if inputs < 1 or hidden < 1:
        raise ValueError(
            f"a recurrent cell needs at least one input and one unit, got {inputs}, {hidden}"
        )
    rows, bound = cell.gates * hidden, 1 / math.sqrt(hidden)
    shapes = ((rows, inputs), (rows, hidden), *(((rows,), (rows,)) if bias else (None, None)))

    def parameter(shape: tuple[int, ...] | None) -> Parameter | None:
        if shape is None:
            return None
        return Parameter(rng.uniform(-bound, bound, shape).astype(get_default_dtype()))

    return {name: parameter(shape) for name, shape in zip(PARAMETERS, shapes, strict=True)}


def set_forget_bias(layer: Module, ending: str, value: float) -> None:
    """Let the two biases of an LSTM's forget gates add up to this number."""
    for name, number in (("bias_ih", value), ("bias_hh", 0.0)):
        bias = getattr(layer, name + ending)
        if bias is None:
            raise ValueError("forget_bias needs bias=True, got bias=False")
        hidden = bias.size // 4
        bias.data[hidden : 2 * hidden] = number


class RecurrentCell(Module):
    """One step of a cell, as a layer: the base of `RNNCell`, `LSTMCell` and `GRUCell`."""

    cell: Cell
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.input_size, self.hidden_size = input_size, hidden_size
        made = drawn(self.cell, input_size, hidden_size, bias, rng or np.random.default_rng())
        for name, parameter in made.items():
            setattr(self, name, parameter)

    def forward(self, x: Any, state: Any = None) -> Any:
        check_input(self, self.weight_ih, x, {1: "(input_size,)", 2: "(B, input_size)"})
        shape = (*np.shape(x)[:-1], self.hidden_size)
        inputs, bias = projected(self.cell, x, self.weight_ih, self.bias_ih, self.bias_hh)
        before = (
            (np.zeros(shape, inputs.dtype),) * len(self.state_names)
            if state is None
            else given_state(self, state, self.state_names, shape)
        )
        _, after = self.cell.forward(inputs, self.weight_hh.T, bias, *before)
        return after if len(after) > 1 else after[0]

    def extra_repr(self) -> str:
        bias = "" if self.bias_ih is not None else ", bias=False"
        return f"{self.input_size}, {self.hidden_size}{bias}"


class RNNCell(RecurrentCell):
    """One step of a plain recurrent network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        input_size, hidden_size: the lengths of x and h.
        bias: whether there are biases.
        nonlinearity: "tanh", or "relu" in its place.
        rng: the generator that the parameters are drawn from; a fresh one if left out.

    Attributes:
        weight_ih: shape (hidden_size, input_size).
        weight_hh: shape (hidden_size, hidden_size).
        bias_ih, bias_hh: shape (hidden_size,), or None.

    Raises:
        ValueError: a size below 1, another nonlinearity; an input or state of another shape.
        TypeError: an input that is not floating-point.

    The layer takes x of shape (B, input_size) or (input_size,), and h likewise, zeros if left out.
    It returns h'.

    Example:
        >>> import minigrad as mg
        >>> cell = mg.nn.RNNCell(3, 4, rng=np.random.default_rng(0))
        >>> h = cell(np.ones((2, 3), np.float32))
        >>> cell(np.ones((2, 3), np.float32), h).shape
        (2, 4)

    Source: Elman 1990, "Finding structure in time". All parameters start from U(-a, a) with
    a = 1 / sqrt(hidden_size), PyTorch's default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: Nonlinearity = "tanh",
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, rng=rng)

    @property
    def cell(self) -> Cell:  # type: ignore[override]
        return simple_cell(self.nonlinearity)


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory.

        i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)      input gate
        f = sigmoid(W_if x + b_if + W_hf h + b_hf)      forget gate
        g = tanh(W_ig x + b_ig + W_hg h + b_hg)
        o = sigmoid(W_io x + b_io + W_ho h + b_ho)      output gate
        c' = f c + i g
        h' = o tanh(c')

    Args:
        input_size, hidden_size: the lengths of x and of h and c.
        bias: whether there are biases.
        forget_bias: what b_if + b_hf is to begin with; drawn like the others if left out. With 1,
            the cell remembers until it learns to forget.
        rng: the generator that the parameters are drawn from; a fresh one if left out.

    Attributes:
        weight_ih: W_ii, W_if, W_ig and W_io, one below the other,
            shape (4 hidden_size, input_size).
        weight_hh: the same for h, shape (4 hidden_size, hidden_size).
        bias_ih, bias_hh: shape (4 hidden_size,), or None.

    Raises:
        ValueError: a size below 1, a forget_bias without biases; an input or state of another
            shape.
        TypeError: an input that is not floating-point.

    The layer takes x of shape (B, input_size) or (input_size,), and the state (h, c) likewise,
    zeros if left out. It returns (h', c').

    Example:
        >>> import minigrad as mg
        >>> cell = mg.nn.LSTMCell(3, 4, rng=np.random.default_rng(0))
        >>> h, c = cell(np.ones((2, 3), np.float32))
        >>> h, c = cell(np.ones((2, 3), np.float32), (h, c))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))

    Source: Hochreiter & Schmidhuber 1997, "Long short-term memory"; the forget gate, and why its
    bias should be positive: Gers, Schmidhuber & Cummins 2000, "Learning to forget"; a bias of 1:
    Jozefowicz, Zaremba & Sutskever 2015, "An empirical exploration of recurrent network
    architectures", section 5. Without peepholes. All other parameters start from U(-a, a) with
    a = 1 / sqrt(hidden_size), PyTorch's default, which has two biases where one would do.
    """

    cell = LSTM
    state_names = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        forget_bias: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, rng=rng)
        if forget_bias is not None:
            set_forget_bias(self, "", forget_bias)


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit.

        r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)      reset gate
        z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)      update gate
        n = tanh(W_in x + b_in + r (W_hn h + b_hn))
        h' = (1 - z) n + z h

    Args:
        input_size, hidden_size: the lengths of x and h.
        bias: whether there are biases.
        rng: the generator that the parameters are drawn from; a fresh one if left out.

    Attributes:
        weight_ih: W_ir, W_iz and W_in, one below the other, shape (3 hidden_size, input_size).
        weight_hh: the same for h, shape (3 hidden_size, hidden_size).
        bias_ih, bias_hh: shape (3 hidden_size,), or None.

    Raises:
        ValueError: a size below 1; an input or state of another shape.
        TypeError: an input that is not floating-point.

    The layer takes x of shape (B, input_size) or (input_size,), and h likewise, zeros if left out.
    It returns h'.

    Example:
        >>> import minigrad as mg
        >>> cell = mg.nn.GRUCell(3, 4, rng=np.random.default_rng(0))
        >>> cell(np.ones((2, 3), np.float32)).shape
        (2, 4)

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", equations 5 to 8. Deviation, as in PyTorch and cuDNN: the
    reset gate stands behind the product with h, not before it. All parameters start from U(-a, a)
    with a = 1 / sqrt(hidden_size), PyTorch's default.
    """

    cell = GRU
