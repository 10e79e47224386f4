"""What the tests of programs share: derivatives held against differences in long double."""

import os
import warnings

import numpy as np

os.environ["SRCAD_CACHE_DIR"] = "off"

from tests.fuzz.check import examine, flat, limit
from tests.fuzz.modes import forward_is_reverse

__all__ = ["R", "agree"]


def agree(function, *args, argnums=None, modes=("grad", "value_and_grad", "vjp")):
    """The function's derivatives at these arguments keep all their promises.

    Against differences; arguments unchanged, results fresh, writable and apart, of the arguments' dtype, shape and
    structure; the same when called twice; forward mode the same as reverse mode to rounding. A transform that does not
    fit (grad of a vector, vjp of some arguments) is left out.
    """
    places = tuple(range(len(args))) if argnums is None else argnums
    compared = 0
    with np.errstate(all="ignore"), warnings.catch_warnings(), limit(60):
        warnings.simplefilter("ignore")
        for mode in modes:
            if mode == "vjp" and len(places) < len(args):
                continue
            rng = np.random.default_rng(3)
            compared += examine(function, list(args), places, mode, rng=rng, tries=3)
        if compared and "vjp" in modes:
            forward_is_reverse(function, list(args), places, np.random.default_rng(3))
    assert compared or not sum(np.size(leaf) for leaf in flat(list(args))), "nothing was compared"


def R(*shape):
    """A random array."""
    return np.random.default_rng(len(shape) + sum(shape)).normal(size=shape)
