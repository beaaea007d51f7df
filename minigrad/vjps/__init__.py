"""The derivative rules of NumPy's functions, each written once, in plain NumPy calls.

A rule is a vector-Jacobian product (VJP). For `y = fn(a, b, ...)` the rule of one argument
maps `g`, the cotangent of `y` (dL/dy, of `y`'s shape), to that argument's cotangent:

    rule(g, y, a, b, ..., **params)

A rule may return an array of any shape that un-broadcasts to its argument's: the engine sums
the broadcast axes away. Because rules call nothing but functions which have rules themselves,
they run on plain arrays (an ordinary backward pass) and on tensors (derivatives of any order)
alike.

The rows stand in one file for each kind of function; `registry` has the tables.
"""

from . import (
    constants,
    cumulative,
    decompositions,
    determinants,
    diagonals,
    linalg,
    nans,
    norms,
    order,
    outer,
    padding,
    products,
    series,
    sorting,
)
from .assignment import last_at, put
from .einsum import contract
from .elementwise import clip
from .indexing import as_index, getitem, is_basic, scatter_add
from .joining import concat
from .reductions import mean, product_of_others, spread
from .registry import (
    COMPOSITES,
    CONSTANTS,
    IMPLEMENTATIONS,
    VJPS,
    Function,
    SharingRules,
    defcomposite,
    defconstant,
    defvjp,
    defvjp_each,
    defvjp_sharing,
    find_rules,
    name_of,
    primitive,
    rejected_arguments,
)
from .shape import astype
from .unfolding import fold, shifts, unfold
from .windows import overlap_add

__all__ = [
    "COMPOSITES", "CONSTANTS", "IMPLEMENTATIONS", "VJPS", "Function", "SharingRules", "as_index",
    "astype", "clip", "concat", "constants", "contract", "cumulative", "decompositions",
    "defcomposite", "defconstant", "defvjp", "defvjp_each", "defvjp_sharing", "determinants",
    "diagonals", "find_rules", "fold", "getitem", "is_basic", "last_at", "linalg", "mean",
    "name_of", "nans", "norms", "order", "outer", "overlap_add", "padding", "primitive",
    "product_of_others", "products", "put", "rejected_arguments", "scatter_add", "series", "shifts",
    "sorting", "spread", "unfold",
]  # fmt: skip
