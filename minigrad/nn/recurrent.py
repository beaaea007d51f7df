"""Recurrent layers over whole sequences."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import functional as F
from ..functional.cells import GRU as GRU_CELL
from ..functional.cells import LSTM as LSTM_CELL
from ..functional.cells import Cell
from ..functional.recurrent import reversed_sequence, sequence
from ..parameter import Parameter
from .module import Module
from .recurrent_cells import PARAMETERS, Nonlinearity, drawn, set_forget_bias, simple_cell
from .sequences import as_given, check_input, given_state, mask_of, with_batch_second

DIRECTIONS = sequence, reversed_sequence
DEFAULTS = {
    "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
}  # fmt: skip


class Recurrent(Module):
    """Layers of a cell over sequences, one above the other, in one direction or in both.

    The base of `RNN`, `LSTM` and `GRU`.
    """

    cell: Cell
    weight_ih_l0: Parameter
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        if num_layers < 1 or not 0 <= dropout <= 1:
            raise ValueError(
                f"{type(self).__name__} needs at least one layer, and a dropout in [0, 1], got "
                f"num_layers={num_layers}, dropout={dropout}"
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.dropout, self.rng = dropout, rng or np.random.default_rng()
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (1 + bidirectional)
            for ending in self._endings(layer):
                for name, p in drawn(self.cell, width, hidden_size, bias, self.rng).items():
                    setattr(self, name + ending, p)

    def _endings(self, layer: int) -> list[str]:
        """How the names of a layer's parameters end, for each direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def forward(
        self, x: Any, state: Any = None, *, lengths: Any = None, mask: Any = None
    ) -> tuple[Any, Any]:
        form = "(B, T, input_size)" if self.batch_first else "(T, B, input_size)"
        check_input(self, self.weight_ih_l0, x, {2: "(T, input_size)", 3: form})
        batch_axis = None if np.ndim(x) == 2 else 0 if self.batch_first else 1
        x = with_batch_second(x, batch_axis)
        if not x.shape[0]:
            raise ValueError(f"{type(self).__name__} needs at least one step, got none")
        mask = mask_of(mask, lengths, x.shape, batch_axis)
        x = x if mask is None else np.where(mask, x, 0)
        out, after = self._layers(x, self._starts(state, x.shape[1], batch_axis), mask)
        after = [as_given(s, None if batch_axis is None else 1) for s in after]
        return as_given(out, batch_axis), tuple(after) if len(after) > 1 else after[0]

    def _starts(self, state: Any, batch: int, batch_axis: int | None) -> list[Any]:
        """The state that each run over the sequence begins with; None for zeros."""
        runs = self.num_layers * (1 + self.bidirectional)
        if state is None:
            return [None] * runs
        lead = (runs,) if batch_axis is None else (runs, batch)
        members = given_state(self, state, self.state_names, (*lead, self.hidden_size))
        members = tuple(s.reshape(runs, batch, self.hidden_size) for s in members)
        return [tuple(s[k] for s in members) for k in range(runs)]

    def _layers(self, x: Any, starts: list[Any], mask: Any) -> tuple[Any, list[Any]]:
        """The outputs of the last layer, and the states of all runs."""
        ends: list[Any] = []
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training, self.rng)
            outs = []
            for ending, run in zip(self._endings(layer), DIRECTIONS, strict=False):
                parameters = [getattr(self, name + ending) for name in PARAMETERS]
                out, end = run(self.cell, x, starts[len(ends)], parameters, mask)
                outs.append(out)
                ends.append(end)
            x = outs[0] if len(outs) == 1 else np.concatenate(outs, -1)
        return x, [np.stack(s) for s in zip(*ends, strict=True)]

    def extra_repr(self) -> str:
        said = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in DEFAULTS.items():
            if (value := getattr(self, name)) != default:
                said.append(f"{name}={value}")
        return ", ".join(said)


class RNN(Recurrent):
    """A plain recurrent network: h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh).

    Args:
        input_size, hidden_size: the lengths of x and h.
        num_layers: how many layers stand one above the other; each sees the outputs of the one
            below.
        nonlinearity: "tanh", or "relu" in its place.
        bias: whether there are biases.
        batch_first: whether inputs, outputs and masks have B as their first axis, not T.
        dropout: the probability with which outputs of all layers but the last are zeroed while
            training.
        bidirectional: whether each layer has a second run, from the last step to the first; the
            outputs of both stand side by side.
        rng: the generator that parameters and dropout's masks are drawn from; a fresh one if left
            out.

    Attributes:
        weight_ih_l0: W_ih of the lowest layer, shape (hidden_size, input_size).
        weight_hh_l0: the same for h, shape (hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: shape (hidden_size,), or None.
        weight_ih_l0_reverse and so on: those of the second run. In the layers above (`_l1`, ...),
            weight_ih has D hidden_size columns.

    Calling the layer:
        x: shape (T, B, input_size), or (B, T, input_size) if `batch_first`; or (T, input_size), a
            single sequence.
        state: h to begin with, of shape (num_layers D, B, hidden_size), D being 2 if
            `bidirectional`, else 1; without B for a single sequence. Zeros if left out.
        lengths: B whole numbers, if the sequences are not all of T steps. From there on the state
            is kept and outputs are zero, whatever x is; the second run begins there.
        mask: in place of lengths, booleans of shape (T, B), or (B, T) if `batch_first`, True
            within the sequences.
        Returns the outputs h of the last layer, (T, B, D hidden_size), axes in the order of x's;
        and h after the last step, in the shape of `state`.

    Raises:
        ValueError: a size below 1, another nonlinearity, a dropout outside [0, 1]; an input, state,
            lengths or mask of another shape, no steps, a length outside [0, T].
        TypeError: an input that is not floating-point.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.RNN(3, 4, rng=np.random.default_rng(0))
        >>> out, h = layer(np.ones((5, 2, 3), np.float32))
        >>> out.shape, h.shape, bool((out[-1] == h[0]).all())
        ((5, 2, 4), (1, 2, 4), True)

    Source: Elman 1990, "Finding structure in time"; both directions: Schuster & Paliwal 1997,
    "Bidirectional recurrent neural networks". All parameters start from U(-a, a)
    with a = 1 / sqrt(hidden_size), PyTorch's default.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        nonlinearity: Nonlinearity = "tanh",
        **options: Any,
    ) -> None:
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, **options)

    @property
    def cell(self) -> Cell:  # type: ignore[override]
        return simple_cell(self.nonlinearity)


class LSTM(Recurrent):
    """A network of long short-term memories.

        i_t = sigmoid(W_ii x_t + b_ii + W_hi h_{t-1} + b_hi)      input gate
        f_t = sigmoid(W_if x_t + b_if + W_hf h_{t-1} + b_hf)      forget gate
        g_t = tanh(W_ig x_t + b_ig + W_hg h_{t-1} + b_hg)
        o_t = sigmoid(W_io x_t + b_io + W_ho h_{t-1} + b_ho)      output gate
        c_t = f_t c_{t-1} + i_t g_t
        h_t = o_t tanh(c_t)

    Args:
        input_size, hidden_size: the lengths of x and of h and c.
        num_layers: how many layers stand one above the other; each sees the outputs of the one
            below.
        forget_bias: what b_if + b_hf are to begin with, in all layers; drawn like the others if
            left out. With 1, the layer remembers until it learns to forget.
        bias: whether there are biases.
        batch_first: whether inputs, outputs and masks have B as their first axis, not T.
        dropout: the probability with which outputs of all layers but the last are zeroed while
            training.
        bidirectional: whether each layer has a second run, from the last step to the first; the
            outputs of both stand side by side.
        rng: the generator that parameters and dropout's masks are drawn from; a fresh one if left
            out.

    Attributes:
        weight_ih_l0: W_ii, W_if, W_ig and W_io of the lowest layer, one below the other,
            shape (4 hidden_size, input_size).
        weight_hh_l0: the same for h, shape (4 hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: shape (4 hidden_size,), or None.
        weight_ih_l0_reverse and so on: those of the second run. In the layers above (`_l1`, ...),
            weight_ih has D hidden_size columns.

    Calling the layer:
        x: shape (T, B, input_size), or (B, T, input_size) if `batch_first`; or (T, input_size), a
            single sequence.
        state: (h, c) to begin with, each of shape (num_layers D, B, hidden_size), D being 2 if
            `bidirectional`, else 1; without B for a single sequence. Zeros if left out.
        lengths: B whole numbers, if the sequences are not all of T steps. From there on the state
            is kept and outputs are zero, whatever x is; the second run begins there.
        mask: in place of lengths, booleans of shape (T, B), or (B, T) if `batch_first`, True
            within the sequences.
        Returns the outputs h of the last layer, (T, B, D hidden_size), axes in the order of x's;
        and (h, c) after the last step, in the shape of `state`.

    Raises:
        ValueError: a size below 1, a forget_bias without biases, a dropout outside [0, 1]; an
            input, state, lengths or mask of another shape, no steps, a length outside [0, T].
        TypeError: an input that is not floating-point.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.LSTM(3, 4, num_layers=2, batch_first=True, rng=np.random.default_rng(0))
        >>> out, (h, c) = layer(np.ones((2, 5, 3), np.float32), lengths=[5, 3])
        >>> out.shape, h.shape, c.shape
        ((2, 5, 4), (2, 2, 4), (2, 2, 4))
        >>> np.abs(out.data[1]).sum(axis=1) > 0
        array([ True,  True,  True, False, False])

    Source: Hochreiter & Schmidhuber 1997, "Long short-term memory"; the forget gate, and why its
    bias should be positive: Gers, Schmidhuber & Cummins 2000, "Learning to forget"; a bias of 1:
    Jozefowicz, Zaremba & Sutskever 2015, "An empirical exploration of recurrent network
    architectures", section 5. Without peepholes. All parameters start from U(-a, a)
    with a = 1 / sqrt(hidden_size), PyTorch's default, which has two biases where one would do.
    """

    cell = LSTM_CELL
    state_names = ("h", "c")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        forget_bias: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, **options)
        if forget_bias is not None:
            for layer in range(num_layers):
                for ending in self._endings(layer):
                    set_forget_bias(self, ending, forget_bias)


class GRU(Recurrent):
    """A network of gated recurrent units.

        r_t = sigmoid(W_ir x_t + b_ir + W_hr h_{t-1} + b_hr)      reset gate
        z_t = sigmoid(W_iz x_t + b_iz + W_hz h_{t-1} + b_hz)      update gate
        n_t = tanh(W_in x_t + b_in + r_t (W_hn h_{t-1} + b_hn))
        h_t = (1 - z_t) n_t + z_t h_{t-1}

    Args:
        input_size, hidden_size: the lengths of x and h.
        num_layers: how many layers stand one above the other; each sees the outputs of the one
            below.
        bias: whether there are biases.
        batch_first: whether inputs, outputs and masks have B as their first axis, not T.
        dropout: the probability with which outputs of all layers but the last are zeroed while
            training.
        bidirectional: whether each layer has a second run, from the last step to the first; the
            outputs of both stand side by side.
        rng: the generator that parameters and dropout's masks are drawn from; a fresh one if left
            out.

    Attributes:
        weight_ih_l0: W_ir, W_iz and W_in of the lowest layer, one below the other,
            shape (3 hidden_size, input_size).
        weight_hh_l0: the same for h, shape (3 hidden_size, hidden_size).
        bias_ih_l0, bias_hh_l0: shape (3 hidden_size,), or None.
        weight_ih_l0_reverse and so on: those of the second run. In the layers above (`_l1`, ...),
            weight_ih has D hidden_size columns.

    Calling the layer:
        x: shape (T, B, input_size), or (B, T, input_size) if `batch_first`; or (T, input_size), a
            single sequence.
        state: h to begin with, of shape (num_layers D, B, hidden_size), D being 2 if
            `bidirectional`, else 1; without B for a single sequence. Zeros if left out.
        lengths: B whole numbers, if the sequences are not all of T steps. From there on the state
            is kept and outputs are zero, whatever x is; the second run begins there.
        mask: in place of lengths, booleans of shape (T, B), or (B, T) if `batch_first`, True
            within the sequences.
        Returns the outputs h of the last layer, (T, B, D hidden_size), axes in the order of x's;
        and h after the last step, in the shape of `state`.

    Raises:
        ValueError: a size below 1, a dropout outside [0, 1]; an input, state, lengths or mask of
            another shape, no steps, a length outside [0, T].
        TypeError: an input that is not floating-point.

    Example:
        >>> import minigrad as mg
        >>> layer = mg.nn.GRU(3, 4, bidirectional=True, rng=np.random.default_rng(0))
        >>> out, h = layer(np.ones((5, 2, 3), np.float32))
        >>> out.shape, h.shape
        ((5, 2, 8), (2, 2, 4))

    Source: Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", equations 5 to 8. Deviation, as in PyTorch and cuDNN: the
    reset gate stands behind the product with h, not before it. All parameters start from
    U(-a, a) with a = 1 / sqrt(hidden_size), PyTorch's default.
    """

    cell = GRU_CELL
