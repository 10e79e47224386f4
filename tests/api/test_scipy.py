"""Functions of SciPy in the text: the import that a person would write, and what the rules do not know."""

import subprocess
import sys

import numpy as np
import pytest

import srcad
from srcad.errors import MissingRuleError

scipy = pytest.importorskip("scipy")
from scipy import linalg, signal, special, stats  # noqa: E402
from scipy.special import expit  # noqa: E402


def by_module(x):
    return np.sum(special.expit(x) * x)


def by_name(x):
    return np.sum(expit(x) * x)


def by_package(x):
    return np.sum(scipy.special.expit(x) * x)


def inside(x):
    from scipy.special import expit as sigmoid

    return np.sum(sigmoid(x) * x)


def of_that_name(special):
    return np.sum(expit(special) * special)


def stands_for_it(x):
    special = scipy.special.expit(x)
    return np.sum(special * x)


X = np.array([-0.5, 0.25, 2.0])
WANTED = expit(X) + X * expit(X) * (1 - expit(X))


@pytest.mark.parametrize("function", [by_module, by_name, by_package, inside])
def test_import_and_name(function):
    gradient = srcad.grad(function)
    text = gradient.source(X)
    assert text.startswith("from scipy import special\n\n\ndef ")
    assert "special.expit(x)" in text and "scipy.special" not in text.partition("#")[0]
    np.testing.assert_allclose(gradient(X), WANTED, rtol=1e-14)


@pytest.mark.parametrize("function", [of_that_name, stands_for_it])
def test_in_full_where_the_name_is_taken(function):
    gradient = srcad.grad(function)
    text = gradient.source(X)
    assert text.startswith("import scipy.special\n") and "scipy.special.expit(" in text
    np.testing.assert_allclose(gradient(X), WANTED, rtol=1e-14)


@pytest.mark.parametrize("function", [by_name, of_that_name])
def test_text_is_read_back(function):
    text = srcad.grad(function).source(X)
    again = srcad.from_source(text, f"{function.__name__}_grad")
    np.testing.assert_allclose(srcad.jacfwd(again)(X), srcad.hessian(function)(X), rtol=1e-14)


def test_a_function_of_scipy_itself():
    assert srcad.grad(special.expit)(0.0) == 0.25
    assert np.array_equal(srcad.vmap(srcad.grad(special.expit))(np.zeros(2)), [0.25, 0.25])


def test_no_rule():
    with pytest.raises(MissingRuleError, match="special.kolmogorov.*its density"):
        srcad.grad(lambda x: special.kolmogorov(x))(2.0)


@pytest.mark.parametrize("transform", [srcad.grad, srcad.jacfwd])
def test_no_derivative_by_one_argument(transform):
    assert transform(lambda x: special.jv(0, x))(1.5) == -special.jv(1, 1.5)
    with pytest.raises(MissingRuleError, match="special.jv.*with respect to `v`: no function of"):
        transform(lambda v: special.jv(v, 1.5))(0.5)


def test_of_constants_what_has_no_rule_is_called_as_it_is():
    gradient = srcad.grad(lambda x: special.kolmogorov(0.5) * x)
    assert gradient(2.0) == special.kolmogorov(0.5)
    assert "special.kolmogorov(0.5)" in gradient.source(2.0)


def test_kept_on_disk(tmp_path):
    """A kept module is found again by another process, and imports what it needs."""
    code = (
        "import numpy as np, srcad\n"
        "from scipy import special\n"
        "def f(x): return np.sum(special.expit(x))\n"
        "print(srcad.grad(f)(np.zeros(2)))\n"
        "import sys; print('srcad.parser.function' in sys.modules)\n"
    )
    (tmp_path / "program.py").write_text(code)
    environment = {"SRCAD_CACHE_DIR": str(tmp_path / "cache"), "PATH": "", "PYTHONPATH": "."}
    outputs = [
        subprocess.run(
            [sys.executable, tmp_path / "program.py"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    ]
    assert outputs == ["[0.25 0.25]\nTrue\n", "[0.25 0.25]\nFalse\n"]


def by_quadrature(a):
    x, w = special.roots_legendre(5)
    return np.sum(w * np.exp(a * x)) / special.factorial(3)


def test_tables_and_counts_have_types():
    gradient = srcad.grad(by_quadrature)
    text = gradient.source(0.5)
    assert "x, w = special.roots_legendre(5)" in text and "runtime" not in text
    wanted = 2 * (np.cosh(0.5) / 0.5 - np.sinh(0.5) / 0.25) / 6
    assert abs(gradient(0.5) - wanted) < 1e-9
    with pytest.raises(MissingRuleError, match="special.gamma"):
        srcad.grad(lambda n: special.factorial(n))(2.0)


def into(x):
    y = np.zeros(3)
    special.expit(x, out=y, where=x > 0)
    return np.sum(y**2)


def into_by_position(x):
    y = np.empty(3)
    special.expit(x, y)
    return np.sum(y**2)


@pytest.mark.parametrize("function", [into, into_by_position])
def test_out_is_written_to(function):
    y = expit(X)
    wanted = 2 * y**2 * (1 - y) * (X > 0 if function is into else 1)
    np.testing.assert_allclose(srcad.grad(function)(X), wanted, rtol=1e-14)


def of_lists(x):
    return special.logsumexp([x[0], 2 * x[1]]) + np.sum(special.polygamma([0, 1], x[2]))


def test_lists_are_made_arrays():
    soft = special.softmax([X[0], 2 * X[1]])
    wanted = [soft[0], 2 * soft[1], np.sum(special.polygamma([1, 2], X[2]))]
    np.testing.assert_allclose(srcad.grad(of_lists)(X), wanted, rtol=1e-13)


def test_vmap_of_solvers():
    def solved(A, b):
        x = linalg.solve(A @ A.T, b, assume_a="pos")
        return linalg.solve_triangular(A, x, lower=True, unit_diagonal=True)

    rng = np.random.default_rng(0)
    A, b = rng.normal(size=(5, 3, 3)) + 4 * np.eye(3), rng.normal(size=(5, 3))
    np.testing.assert_allclose(srcad.vmap(solved)(A, b), [solved(*each) for each in zip(A, b)])
    gradient = srcad.grad(lambda A, b: np.sum(solved(A, b) ** 2))
    np.testing.assert_allclose(srcad.vmap(gradient)(A, b), [gradient(*each) for each in zip(A, b)])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(signal.lfilter([1.0, 0.5], [1.0, -0.3], x) ** 2),
        lambda x: np.sum(signal.lfilter([1.0, 0.5], 1, x) ** 2),
        lambda x: np.sum(signal.lfilter([x[0], 0.5], [1.0, x[1] / 9], x) ** 2),
        lambda x: np.sum(signal.convolve(x, [1.0, 2.0, 1.0], mode="same") ** 2),
        lambda x: np.sum(linalg.solve([[2.0, 1.0], [0.0, 3.0]], x[:2]) ** 2),
        lambda x: np.sum(linalg.block_diag([[x[0]]], x[1:3], np.outer(x, x)) ** 2),
        lambda x: np.sum(stats.norm.logpdf([1.0, 2.0], x[0], np.exp(x[1]))),
        lambda x: stats.multivariate_normal.logpdf(x[:2], [0.0, 0.0], [[2.0, 0.5], [0.5, 1.0]]),
    ],
)
def test_lists_and_numbers_for_arrays(f):
    x = np.random.default_rng(0).normal(size=9)
    wanted = [(f(x + h) - f(x - h)) / 2e-6 for h in 1e-6 * np.eye(9)]
    np.testing.assert_allclose(srcad.grad(f)(x), wanted, rtol=1e-5, atol=1e-6)
