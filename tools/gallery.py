"""docs/gallery.md: what srcad writes of functions of NumPy and SciPy that one would look up in a textbook.

python -m tools.gallery            write the page
python -m tools.gallery --check    fail if it is not current
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import srcad

__all__ = ["EXAMPLES", "PAGE", "Example", "compiled", "expression", "page", "written"]

PAGE = Path(__file__).parent.parent / "docs" / "gallery.md"

HEAD = """# Gallery

Functions whose derivatives one would look up, and what srcad writes of them: gradients where nothing else is said, as `srcad dump` prints them, without
the imports.
Written by `python -m tools.gallery`; a test holds the page current, and every derivative against differences.
"""


class Example(NamedTuple):
    """A function whose derivative is shown, with examples of its arguments."""

    title: str
    text: str
    args: tuple[Any, ...]
    said: str = ""
    by: tuple[int, ...] = ()  # which arguments the gradient is by; all where there is none
    how: str = ""  # another derivative than the gradient, as an expression


A, B = np.eye(3) + 0.1, np.ones((3, 4))
X, Y = np.linspace(0.1, 1.0, 6), np.linspace(1.0, 2.0, 6)

EXAMPLES = [
    Example(
        "np.linalg.solve",
        """
        def compliance(K, f):
            u = np.linalg.solve(K, f)
            return f @ u
        """,
        (A, np.ones(3)),
        said="One more solve, with the transpose; `K_bar` is an outer product (Giles 2008).",
    ),
    Example(
        "np.linalg.cholesky",
        """
        def log_likelihood(K, r):
            L = np.linalg.cholesky(K)
            z = np.linalg.solve(L, r)
            return -0.5 * np.sum(z**2) - np.sum(np.log(np.diag(L)))
        """,
        (A, np.ones(3)),
        said="A lower triangle halved on its diagonal, between two solves (Giles 2008; Murray 2016).",
    ),
    Example(
        "np.linalg.eigh",
        """
        def largest(S):
            w, V = np.linalg.eigh(S)
            return w[-1]
        """,
        (A,),
        said="The eigenvector is the derivative of its eigenvalue; NumPy reads the lower triangle, so the gradient is one.",
    ),
    Example(
        "logsumexp",
        """
        def logsumexp(x):
            m = np.max(x)
            return m + np.log(np.sum(np.exp(x - m)))
        """,
        (X,),
        said="The maximum is kept as it is written: what comes through it cancels to rounding.",
    ),
    Example(
        "scipy.special.logsumexp",
        """
        def cross_entropy(logits, labels):
            scores = logits - special.logsumexp(logits, axis=1, keepdims=True)
            return -np.sum(labels * scores)
        """,
        (B, B),
        said="The softmax is the exponential of what is there already.",
    ),
    Example(
        "np.einsum",
        """
        def bilinear(A, B, x):
            return np.sum(np.einsum("ij,jk,k->i", A, B, x) ** 2)
        """,
        (A, B, np.ones(4)),
        said="The letters change places.",
    ),
    Example(
        "np.interp",
        """
        def misfit(x, xp, fp):
            return np.sum(np.interp(x, xp, fp) ** 2)
        """,
        (np.linspace(0.2, 0.9, 4), X, Y),
        said="Each sample takes its share of the cotangent: `t` of it to the right, the rest to the left.",
        by=(0, 2),
    ),
    Example(
        "np.fft",
        """
        def smoothness(x):
            return np.sum(np.abs(np.fft.rfft(x)) ** 2)
        """,
        (X,),
        said="The transform back, without a factor; the magnitude and the sign of a complex number are the number.",
    ),
    Example(
        "np.sort",
        """
        def ordered_mean(x, w):
            return np.sum(w * np.sort(x))
        """,
        (X, Y),
        said="The inverse of a permutation sorts it.",
    ),
    Example(
        "np.median",
        """
        def absolute_deviation(x):
            return np.median(np.abs(x - np.median(x)))
        """,
        (X,),
    ),
    Example(
        "np.cumprod",
        """
        def present_value(growth, payments):
            return np.sum(payments / np.cumprod(growth))
        """,
        (Y, X),
        said="No division, so that zeros among the factors are no matter: row k of the triangle has the products without the k-th.",
    ),
    Example(
        "np.convolve",
        """
        def blurred(x, kernel):
            return np.sum(np.convolve(x, kernel, mode="valid") ** 2)
        """,
        (X, np.ones(3)),
        said="Correlations of the padded cotangent.",
    ),
    Example(
        "np.var",
        """
        def standardised(x, w):
            z = (x - np.mean(x)) / np.sqrt(np.var(x) + 1e-6)
            return np.sum(w * z)
        """,
        (X, Y),
    ),
    Example(
        "np.pad",
        """
        def roughness(u):
            v = np.pad(u, 1, mode="edge")
            return np.sum((v[2:] - 2 * v[1:-1] + v[:-2]) ** 2)
        """,
        (X,),
    ),
    Example(
        "np.where with a dead side",
        """
        def entropy(p):
            return -np.sum(np.where(p > 0, p * np.log(p), 0))
        """,
        (X,),
        said="The mask is kept outside, and `p / p` is 1.",
    ),
    Example(
        "np.apply_along_axis",
        """
        def balanced(x):
            return np.sum(np.apply_along_axis(lambda row: row / np.sum(row), 1, x) ** 2)
        """,
        (B,),
    ),
    Example(
        "scipy.optimize.root",
        """
        def response(W, b):
            found = optimize.root(lambda x: x - np.tanh(W @ x + b), np.zeros_like(b), tol=1e-13)
            return np.sum(found.x**2)
        """,
        (A / 4, np.linspace(0.2, 0.6, 3)),
        said="One linear system at the solution (the implicit function theorem); how it was found is not looked into.",
    ),
    Example(
        "scipy.integrate.solve_ivp",
        """
        def decayed(rates, y0):
            found = integrate.solve_ivp(lambda t, y: -rates @ y, (0, 1), y0, rtol=1e-10, atol=1e-12)
            return np.sum(found.y[:, -1] ** 2)
        """,
        (A, np.linspace(0.2, 0.6, 3)),
        said="Through the steps that its error control has accepted, which are held constant.",
    ),
    Example(
        "vmap: a piecewise function",
        """
        def huber(r, d):
            if abs(r) <= d:
                return 0.5 * r * r
            return d * (abs(r) - 0.5 * d)
        """,
        (np.linspace(-2, 2, 7), 0.9),
        said="Both sides are finite everywhere, and so are their derivatives: they are selected from.",
        how="vmap(grad(huber), in_dims=(0, None))",
    ),
    Example(
        "vmap: until no example goes on",
        """
        def square_root(a):
            x = a
            while abs(x * x - a) > 1e-12:
                x = 0.5 * (x + a / x)
            return x
        """,
        (np.linspace(0.5, 4.0, 6),),
        said="Each iteration computes what is not finished; the sweep back has the same rows.",
        how="vmap(grad(square_root))",
    ),
    Example(
        "vmap: an index of each example",
        """
        def surprise(logits, label):
            return np.log(np.sum(np.exp(logits))) - logits[label]
        """,
        (np.cos(np.arange(12.0)).reshape(4, 3), np.array([2, 0, 0, 1])),
        said="The gradients of all examples, as one subtracts ones from probabilities by hand.",
        how="vmap(grad(surprise))",
    ),
    Example(
        "vmap: gradients of each example",
        """
        def loss(W, b, x, y):
            return np.mean((np.tanh(W @ x + b) - y) ** 2)
        """,
        (A, np.ones(3) / 7, np.cos(np.arange(15.0)).reshape(5, 3), np.ones((5, 3))),
        said="The weights are shared, so that the product is one of matrices.",
        how="vmap(grad(loss, argnums=(0, 1)), in_dims=(None, None, 0, 0))",
    ),
    Example(
        "vmap: every pair",
        """
        def kernel(x, y):
            return np.exp(-np.sum((x - y) ** 2))
        """,
        (np.cos(np.arange(10.0)).reshape(5, 2), np.sin(np.arange(8.0)).reshape(4, 2)),
        how="vmap(vmap(kernel, in_dims=(None, 0)), in_dims=(0, None))",
    ),
    Example(
        "jacrev: rows that do not meet",
        """
        def network(X, W, b, V):
            return np.tanh(X @ W + b) @ V
        """,
        (B.T, A, np.ones(3) / 7, np.cos(B)[:, :2]),
        said="A Jacobian a row instead of a matrix of zeros around them: `float64[n, q, m]`, at the cost of n rows.",
        how="jacrev(network, compact=True)",
    ),
    Example(
        "jacrev: a product of matrices",
        """
        def product(A, B):
            return A @ B
        """,
        (A[:2], B),
        said="Kronecker products with an identity: written where they are not zero.",
        how="jacrev(product, argnums=(0, 1))",
    ),
    Example(
        "jacfwd: sparse",
        """
        def laplacian(u, h):
            d = np.zeros_like(u)
            d[1:-1] = (u[2:] - 2 * u[1:-1] + u[:-2]) / h**2
            return d
        """,
        (np.ones(9), 0.1),
        said="Evaluated at three sums of columns, of which no two have a row in common.",
        how="jacfwd(laplacian, sparse=True)",
    ),
    Example(
        "hessian: sparse",
        """
        def rosenbrock(x):
            return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
        """,
        (X,),
        said="The gradient of Rosenbrock's function along three sums of columns, however long `x` is.",
        how="hessian(rosenbrock, sparse=True)",
    ),
]


def page() -> str:
    """The text of docs/gallery.md."""
    return HEAD + "".join(f"\n## {example.title}\n\n{_shown(example)}" for example in EXAMPLES)


def _shown(example: Example) -> str:
    said = f"{example.said}\n\n" if example.said else ""
    primal = textwrap.dedent(example.text).strip("\n")
    how = f"`{example.how}`:\n\n" if example.how else ""
    return f"{said}```python\n{primal}\n```\n\n{how}```python\n{written(example)}```\n"


def compiled(example: Example) -> tuple[Any, Any]:
    """The function of an example, and its derivative."""
    text = "import numpy as np\nfrom scipy import integrate, optimize, special\n\n\n"
    text += textwrap.dedent(example.text).strip("\n") + "\n"
    name = example.text.split("def ")[1].partition("(")[0]
    function = srcad.from_source(text, name)
    return function, eval(expression(example), {**vars(srcad), name: function})


def expression(example: Example) -> str:
    """The derivative that is shown of an example."""
    by = example.by or tuple(range(len(example.args)))
    name = example.text.split("def ")[1].partition("(")[0]
    return example.how or f"grad({name}, argnums={by if len(by) > 1 else 0})"


def written(example: Example) -> str:
    """What srcad writes, without the imports."""
    made = str(compiled(example)[1].source(*example.args))
    return made[made.index("def ") :].rstrip("\n") + "\n"


def main(check: bool) -> int:
    """Write the page, or say whether it is current."""
    text = page()
    if check:
        return int(PAGE.read_text(encoding="utf-8") != text)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
