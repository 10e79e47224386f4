"""Linear algebra by loops, as in a first course on numerical methods."""

import numpy as np


def cholesky(A):
    n = A.shape[0]
    L = np.zeros_like(A)
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                if s <= 0:
                    raise ValueError("the matrix is not positive definite")
                L[i, i] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    return L


def forward_substitution(L, b):
    y = np.zeros(len(b))
    for i in range(len(b)):
        y[i] = (b[i] - L[i, :i] @ y[:i]) / L[i, i]
    return y


def back_substitution(U, y):
    n = len(y)
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = y[i]
        for j in range(i + 1, n):
            x[i] -= U[i, j] * x[j]
        x[i] /= U[i, i]
    return x


def gaussian_density(M, b):
    """The log density at b of a normal distribution, by Cholesky's factorisation."""
    A = M @ M.T + len(b) * np.eye(len(b))
    L = cholesky(A)
    x = back_substitution(L.T, forward_substitution(L, b))
    log_det = 0.0
    for i in range(len(b)):
        log_det += 2 * np.log(L[i, i])
    return -0.5 * (b @ x) - 0.5 * log_det


def lu_decompose(A):
    """LU with partial pivoting, both factors in one matrix."""
    LU = A.copy()
    n = len(LU)
    perm = list(range(n))
    sign = 1.0
    for k in range(n - 1):
        pivot = k
        for i in range(k + 1, n):
            if abs(LU[i, k]) > abs(LU[pivot, k]):
                pivot = i
        if pivot != k:
            LU[[k, pivot]] = LU[[pivot, k]]
            perm[k], perm[pivot] = perm[pivot], perm[k]
            sign = -sign
        for i in range(k + 1, n):
            LU[i, k] /= LU[k, k]
            LU[i, k + 1 :] -= LU[i, k] * LU[k, k + 1 :]
    return LU, perm, sign


def lu_solve(A, b):
    """The solution, and the determinant."""
    LU, perm, determinant = lu_decompose(A)
    n = len(b)
    x = np.array([b[p] for p in perm])
    for i in range(n):
        for j in range(i):
            x[i] -= LU[i, j] * x[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] = x[i] - LU[i, j] * x[j]
        x[i] = x[i] / LU[i, i]
        determinant = determinant * LU[i, i]
    return x, determinant


def gauss_seidel(A, b, tolerance=1e-13, max_sweeps=200):
    """Gauss-Seidel sweeps until the solution stands still."""
    n = len(b)
    x = np.zeros(n)
    for sweep in range(max_sweeps):
        largest = 0.0
        for i in range(n):
            sigma = 0.0
            for j in range(n):
                if j != i:
                    sigma += A[i, j] * x[j]
            new = (b[i] - sigma) / A[i, i]
            change = abs(new - x[i])
            if change > largest:
                largest = change
            x[i] = new
        if largest < tolerance:
            break
    else:
        raise RuntimeError("Gauss-Seidel does not converge")
    return x


def levinson_durbin(signal, order=3):
    """The coefficients of linear prediction, from the autocorrelation of a signal, and the error that remains."""
    r = []
    for lag in range(order + 1):
        r.append(np.sum(signal[: len(signal) - lag] * signal[lag:]))
    r[0] *= 1.01

    a = [1.0]
    error = r[0]
    for m in range(1, order + 1):
        acc = r[m]
        for i in range(1, m):
            acc += a[i] * r[m - i]
        reflection = -acc / error
        new = a + [0.0]
        for i in range(1, m):
            new[i] = a[i] + reflection * a[m - i]
        new[m] = reflection
        a = new
        error = error * (1 - reflection**2)
    return np.array(a[1:]), error


def one_norm(A):
    largest = 0.0
    for j in range(A.shape[1]):
        column = np.sum(np.abs(A[:, j]))
        if column > largest:
            largest = column
    return largest


def matrix_exponential(A, terms=12):
    """exp(A) by scaling, a Taylor polynomial, and squaring."""
    squarings = 0
    scaled = A
    while one_norm(scaled) > 0.5:
        scaled = scaled / 2
        squarings += 1
    result = np.eye(len(A))
    term = np.eye(len(A))
    for k in range(1, terms + 1):
        term = term @ scaled / k
        result += term
    for _ in range(squarings):
        result = result @ result
    return result


def page_rank(links, damping, tolerance=1e-14):
    """Power iteration on the matrix of a weighted graph."""
    n = len(links)
    transition = np.zeros((n, n))
    for j in range(n):
        out = links[:, j].sum()
        if out > 0:
            transition[:, j] = links[:, j] / out
        else:
            transition[:, j] = 1.0 / n  # a page without links
    rank = np.ones(n) / n
    iterations = 0
    while True:
        previous = rank
        rank = damping * transition @ rank + (1 - damping) / n
        iterations += 1
        if np.sum(np.abs(rank - previous)) < tolerance or iterations >= 500:
            break
    return rank


def project_to_simplex(v, radius=1.0):
    """The nearest point with non-negative parts that add up to the radius."""
    u = np.sort(v)[::-1]
    cumulative = 0.0
    theta = 0.0
    for k, value in enumerate(u, start=1):
        cumulative += value
        candidate = (cumulative - radius) / k
        if value - candidate <= 0:
            break
        theta = candidate
    return np.maximum(v - theta, 0.0)
