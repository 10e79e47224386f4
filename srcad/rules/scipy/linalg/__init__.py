"""scipy.linalg: solving, inverses, functions of matrices, matrices of a structure.

Solvers that read a triangle or a band of their matrix have a derivative by what they read, and zero by what they do
not. Stacks of matrices are looped over: SciPy does so itself, from 1.17 on, and not where there are none. What NumPy
has, too, is defined by NumPy's function. M. B. Giles (2008) has the formulas of the products and the inverse; the
others are named at their rules.
"""

from srcad.rules.scipy.linalg import factors as _factors  # noqa: F401
from srcad.rules.scipy.linalg import matrices as _matrices  # noqa: F401
from srcad.rules.scipy.linalg import solving as _solving  # noqa: F401
