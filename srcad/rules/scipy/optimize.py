"""scipy.optimize: nothing of it is differentiated by what it does; its solvers are by what they find."""

from __future__ import annotations

from scipy import optimize

from srcad.rules.refused import refused
from srcad.rules.scipy import having
from srcad.rules.solvers import solver

__all__: list[str] = []

_CALLBACK = ("what it does is not looked into", "Leave it out.")
_FULL = ("several results are not taken apart", "Leave it out, or use scipy.optimize.root.")
_BOUNDED = (
    "where a bound holds the solution, it does not move as the equation says",
    "Leave it out where none is active, or map the unknowns to the interval: x = lo + (hi - lo) * special.expit(u).",
)
_CONSTRAINED = (
    "what holds then is not that the gradient is zero",
    "Write the conditions of Karush, Kuhn and Tucker as equations, with the multipliers among the unknowns, for scipy.optimize.root.",
)

solver(
    optimize.root,
    finds="root",
    function="fun",
    attribute="x",
    start="x0",
    first=("x0",),
    others=("jac",),
    flat=True,
    shaped=(
        *("broyden1", "broyden2", "anderson", "linearmixing", "diagbroyden", "excitingmixing"),
        *("krylov", "df-sane"),
    ),
    refused={"callback": _CALLBACK},
)
solver(
    optimize.root_scalar,
    finds="root",
    function="f",
    attribute="root",
    others=("fprime", "fprime2"),
)
solver(
    *(optimize.brentq, optimize.brenth, optimize.ridder, optimize.bisect, optimize.toms748),
    finds="root",
    function="f",
    first=("a", "b"),
    floats=True,
    refused={"full_output": _FULL},
)
solver(
    optimize.newton,
    finds="root",
    function="func",
    start="x0",
    first=("x0",),
    others=("fprime", "fprime2"),
    refused={"full_output": _FULL},
)
solver(
    optimize.fsolve,
    finds="root",
    function="func",
    start="x0",
    first=("x0",),
    others=("fprime",),
    flat=True,
    refused={"full_output": _FULL},
)
solver(optimize.fixed_point, finds="fixed", function="func", start="x0", first=("x0",))
solver(
    optimize.minimize,
    finds="minimum",
    function="fun",
    attribute="x",
    start="x0",
    first=("x0",),
    others=("jac", "hess"),
    flat=True,
    refused={
        "callback": _CALLBACK,
        "bounds": _BOUNDED,
        "constraints": _CONSTRAINED,
        "hessp": ("it is a function of two vectors", "Give hess=, or leave it out."),
    },
)
solver(
    optimize.minimize_scalar,
    finds="minimum",
    function="fun",
    attribute="x",
    refused={"bounds": _BOUNDED},
)
solver(
    optimize.least_squares,
    finds="squares",
    function="fun",
    attribute="x",
    start="x0",
    first=("x0",),
    others=("jac",),
    flat=True,
    refused={
        "callback": _CALLBACK,
        "bounds": _BOUNDED,
        "loss": (
            "what is minimised is then no sum of squares",
            "Minimise it with scipy.optimize.minimize.",
        ),
        "kwargs": ("options are handed on by name", "Hand arguments on with args=."),
    },
)

refused(
    *having(
        optimize,
        "broyden1 broyden2 anderson newton_krylov linearmixing diagbroyden excitingmixing",
    ),
    reason="it hands no arguments on to the function",
    rewrite='Call scipy.optimize.root with method="krylov", "broyden1" and so on.',
)
refused(
    *having(optimize, "leastsq curve_fit"),
    reason="it returns more than the solution",
    rewrite="Call scipy.optimize.least_squares with the residuals.",
)
refused(
    *having(
        optimize,
        "df_sane nnls lsq_linear "
        "fmin fmin_powell fmin_cg fmin_bfgs fmin_ncg fmin_l_bfgs_b fmin_tnc fmin_cobyla fmin_slsqp fminbound brent golden bracket "
        "linprog milp quadratic_assignment linear_sum_assignment basinhopping brute differential_evolution dual_annealing shgo direct "
        "isotonic_regression",
    ),
    reason="how it finds a solution says nothing of how the solution moves",
    rewrite="Call scipy.optimize.root or minimize; or say of a function of yours that calls it what equation its result solves: "
    "srcad.implicit.",
)
refused(
    *having(
        optimize,
        "approx_fprime check_grad line_search rosen_hess rosen_hess_prod linprog_verbose_callback show_options",
    ),
    reason="it is about derivatives, or shows what there is",
    rewrite="Use srcad.grad, srcad.hessian or srcad.verify outside of the function.",
)

refused(
    *having(
        optimize,
        "BFGS SR1 HessianUpdateStrategy Bounds LinearConstraint NonlinearConstraint OptimizeResult RootResults LbfgsInvHessProduct "
        "BroydenFirst InverseJacobian KrylovJacobian",
    ),
    reason="it makes an object",
    rewrite="Make it outside of the function.",
)
refused(
    *having(optimize, "rosen rosen_der"),
    reason="it is there to be minimised",
    rewrite="Write np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).",
)
