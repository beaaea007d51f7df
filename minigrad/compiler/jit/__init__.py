"""Programs as loops that Numba compiles to machine code."""
