"""scipy.optimize: nothing of it is differentiated by what it does; `srcad.implicit` is by what it finds."""

from __future__ import annotations

from scipy import optimize

from srcad.rules.refused import refused
from srcad.rules.scipy import having

__all__: list[str] = []

refused(
    *having(
        optimize,
        "root root_scalar fsolve newton brentq brenth ridder bisect toms748 fixed_point broyden1 broyden2 anderson newton_krylov "
        "linearmixing diagbroyden excitingmixing df_sane minimize minimize_scalar least_squares leastsq curve_fit nnls lsq_linear "
        "fmin fmin_powell fmin_cg fmin_bfgs fmin_ncg fmin_l_bfgs_b fmin_tnc fmin_cobyla fmin_slsqp fminbound brent golden bracket "
        "linprog milp quadratic_assignment linear_sum_assignment basinhopping brute differential_evolution dual_annealing shgo direct "
        "isotonic_regression",
    ),
    reason="how it finds a solution says nothing of how the solution moves",
    rewrite="Put the call into a function that returns the solution, and say what equation that solves: "
    '@srcad.implicit(residual, signature="(n),(m)->(n)"); of a minimum the residual is srcad.grad(objective).',
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
