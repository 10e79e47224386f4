"""The types of random draws: methods of `np.random.Generator` and of `RandomState`.

>>> drawn("normal", (), {"size": 3}), drawn("integers", (5,), {}), drawn("shuffle", (), {})
(float64[3], int, ?[...])
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcad.analysis.types import broadcast, infer, type_of
from srcad.core import ops
from srcad.core.types import ANY, Type, number

__all__ = ["SIZE", "drawn"]

# Where `size` stands among the arguments; those before it are parameters, of which an array makes more draws.
SIZE = {
    "random": 0, "random_sample": 0, "standard_normal": 0, "standard_exponential": 0, "normal": 2, "uniform": 2, "lognormal": 2, "laplace": 2,
    "gumbel": 2, "logistic": 2, "gamma": 2, "beta": 2, "exponential": 1, "rayleigh": 1, "integers": 2, "randint": 2, "poisson": 1,
}  # fmt: skip
_INTEGERS = {"integers", "randint", "poisson"}


def drawn(method: str, args: tuple[Any, ...], options: dict[str, Any]) -> Type:
    """The type of what a method of a generator gives for operands; ANY where it is not known."""
    dtype = "int" if method in _INTEGERS else "float"
    if method in ("rand", "randn"):
        args, options, method = (args or None,), {}, "random"
    if method not in SIZE or options.keys() & {"dtype", "out", "endpoint"}:
        return ANY
    place = SIZE[method]
    size = args[place] if len(args) > place else options.get("size")
    parameters = [*args[:place], *(given for key, given in options.items() if key != "size")]
    ranks = [type_of(given).rank for given in parameters]
    if len(args) > place + 1 or None in ranks or (size is not None and any(ranks)):
        return ANY
    if size is None and any(ranks):
        shape = broadcast(*map(type_of, parameters))
        return ANY if shape is None else Type("array", f"{dtype}64", shape)
    if size is None:
        return number(dtype)
    made = infer(ops.operation(np.zeros), (size,), {})
    return made if made.shape is None else made._replace(dtype=f"{dtype}64")
