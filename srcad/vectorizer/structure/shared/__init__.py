"""Block diagonals: the rows and the columns share an axis, along which nothing is mixed.

    Y = X @ W                                     i = np.arange(X.shape[0])
    X_bar = identity @ W.T             ->         X_bar[i, :, i] = W.T

Of a function of each row of a matrix, the block of row i is `block[i]`; where all are the same one, as in the products of a matrix with another, the
element is the Kronecker product of an identity and that block. What is linear in an element and leaves the shared axis alone is done on the blocks; what
is elementwise besides is in `structure.pointwise`, for all elements.
"""

from __future__ import annotations

from srcad.vectorizer.structure.shared import axes, indices, products, shapes, sums
from srcad.vectorizer.structure.shared.forms import shared
from srcad.vectorizer.structure.shared.pointwise import blockwise

__all__ = ["blockwise", "shared"]

FAMILIES = (axes, indices, products, shapes, sums)  # their handlers are in the table
