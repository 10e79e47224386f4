"""Programs that write in place, at all orders: those that places get wrong."""

import numpy as np
import pytest

from tests.programs.oracle import check, program, programs
from tests.programs.support import R

X, V, A, S = R(4), R(4)[::-1] + 1.5, R(3, 2), R(3, 3)
C = np.arange(1.0, 7.0).reshape(3, 2)
D = "differences"
PLACES = np.array([0, 2, 0])
ORDER = np.array([2, 0, 1])


# Masks and computed positions.


@program(X, oracle=D)
def masks_augmented(x):
    y = x * 1.0
    y[y > 0] += np.sin(y[y > 0])
    y[y < -0.5] *= x[0]
    y[(y > -0.2) & (x < 1)] -= 0.5 * x[1]
    return y


@program(A, oracle=D)
def masks_with_slices(A):
    B = A * A
    keep = A[:, 0] > 0
    B[keep, 1:] *= A[1, 1]
    B[~keep, 0] += A[0, 1]
    B[keep] = B[keep][:, ::-1] * 2
    B[B > 0.5] **= 2
    return B


@program(X, V[:3], oracle=D)
def repeated_places_add_once(x, v):
    y = x * x
    y[PLACES] += v
    y[PLACES] *= v * x[1]
    y[[1, 1]] -= v[:2]
    return y


@program(X, V[:3], oracle=D)
def last_of_repeated_places_wins(x, v):
    y = x * x
    y[PLACES] = v * x[:3]
    return np.sum(y**3)


@program(S, V[:3], oracle=D)
def pairs_of_places(A, v):
    B = A * 2.0
    B[PLACES, ORDER] = v**2
    B[np.arange(3), ORDER] += A[ORDER, np.arange(3)]
    B[PLACES[:, None], ORDER] *= 0.5
    B[1, PLACES] = v
    return B


@program(X, 1, oracle=D)
def number_as_mask(x, k):
    y = x * 1.0
    y[k > 0] *= 2.0
    y[k:][0] += x[0]
    y[-k] = x[k] * y[k]
    return y


# Swaps.


@program(A, oracle=D)
def rows_swapped_by_views(A):
    """Both rows end as one: the right side is views."""
    B = A * 1.0
    B[0], B[1] = B[1], B[0]
    return B * C


@program(A, oracle=D)
def rows_swapped_by_a_list(A):
    B = A * 1.0
    B[[0, 2]] = B[[2, 0]]
    B[:, [0, 1]] = B[:, [1, 0]] * B[0]
    return B * C


@program(A, oracle=D)
def rows_swapped_by_copies(A):
    B = A * 1.0
    B[0], B[1] = B[1].copy(), B[0].copy()
    return B * C


@program(A, oracle=D)
def rows_swapped_by_a_name_that_is_a_view(A):
    B = A * 1.0
    held = B[0]
    B[0] = B[1]
    B[1] = held
    return B * C


@program(X, oracle=D)
def elements_swapped(x):
    y = x * 1.0
    y[0], y[2] = y[2], y[0]
    y[1:3], y[3] = y[:2], y[1]
    y[::2], y[1::2] = y[1::2], y[::2]
    return y * np.arange(4)


@program(S, oracle=D)
def pivots(A):
    B = A + 2 * np.eye(3)
    for k in range(2):
        p = k + np.argmax(np.abs(B[k:, k]))
        B[[k, p]] = B[[p, k]]
        B[k + 1 :, k] /= B[k, k]
        B[k + 1 :, k + 1 :] -= B[k + 1 :, k][:, None] * B[k, k + 1 :]
    return B


@program(X, V, oracle=D)
def buffers_swapped_in_a_loop(x, v):
    u, w = x.copy(), np.zeros_like(x)
    for _ in range(3):
        w[1:-1] = 0.5 * (u[2:] + u[:-2]) + v[1:-1] * u[1:-1] ** 2
        w[0], w[-1] = u[-1], u[0]
        u, w = w, u
    return u * w


@program(X, oracle=D)
def buffers_in_a_list(x):
    buffers = [x.copy(), np.zeros(4)]
    for k in range(3):
        old, new = buffers[k % 2], buffers[(k + 1) % 2]
        new[...] = np.sin(old) + 0.1 * new
        new[0] += old[-1]
    return buffers[0] * buffers[1]


@program(X, V, oracle=D)
def contents_swapped(x, v):
    y, z = x * 1.0, v * 1.0
    held = y.copy()
    y[:] = z
    z[:] = held
    held *= 3
    return y * y * z + held


# Views.


@program(A, oracle=D)
def transposes(A):
    B = A * A
    B.T[0] = A[:, 1]
    t = B.T
    t[1] *= 2.0
    t[:, 1] += A[0]
    t[:, 1:] = A[:2].T * t[:, :2]
    B[0] += 1.0
    return B * np.sum(t)


@program(A, oracle=D)
def reshapes(A):
    B = np.zeros((3, 2))
    B += A
    row = B.reshape(-1)
    row[1:4] *= A[0, 0]
    B[0] = 3 * A[1]
    square = row[:4].reshape(2, 2)
    square[1] = square[0] * 2
    square.T[0] += A[2]
    return B * row[3]


@program(A, oracle=D)
def ravels(A):
    B = A.copy()
    flat = B.ravel()
    for k in range(5):
        flat[k + 1] += 0.5 * flat[k]
    B[1:].ravel()[0] = 2.0
    return B


@program(A, oracle=D)
def other_orders(A):
    B = A * 2
    B.swapaxes(0, 1)[1, ::2] = A[0, 0] * A[1, 1]
    np.flip(B, 0)[0] *= A[2]
    np.flip(B, 1)[1] += A[0]
    np.expand_dims(B, 0)[0, 1] -= A[0]
    B[:, None][1, 0] **= 2
    np.moveaxis(B, 0, 1)[0] = A[:, 0] ** 2
    B[None].squeeze(0)[2, 0] *= 3.0
    B[::-1, ::-1][0, 1:] *= A[2, 1]
    return B


@program(A, oracle=D)
def flat_iterators(A):
    B = A.T * 2
    B.flat[1:3] = A[0]
    B.flat[4] += A[1, 1]
    B.flat[[0, 5]] *= A[0, 0]
    copied = B.flat[0:2]
    copied[0] = 100 * A[0, 1]
    return B * B.flat[3] + np.sum(copied)


@program(S, oracle=D)
def views_that_are_read_only(A):
    B = A * A
    d, e = np.diag(B), B.diagonal(1)
    b = np.broadcast_to(B[0], (2, 3))
    B[0] *= A[1, 1]
    B[1, 2] = 7 * A[0, 0]
    return d * b + np.sum(e)


@program(X, oracle=D)
def views_of_views(x):
    y = x * 1.0
    z = y[1:][::-1]
    w = z[::2]
    z[0] = 7.0 * x[0]
    w[1] *= y[0]
    y[1] += 1.0
    w += z[1]
    return y * np.sum(w) * z[0]


@program(X, oracle=D)
def view_kept_across_stores(x):
    y = x * 1.0
    v = y[1:]
    y[1:] += x[:-1] * v
    v *= v[0]
    y = y + v[0]
    v[0] = 5.0
    return y * v[1]


@program(A, oracle=D)
def rows_held(A):
    B = A * 1.0
    for i in range(1, 3):
        row = B[i]
        row -= 0.3 * B[i - 1]
        row[1] *= row[0]
    first, last = B[0], B[-1]
    first += last
    last *= first[0]
    return B**3


@program(A, oracle=D)
def rows_run_over(A):
    B = A.copy()
    for row in B:
        row *= row[0]
    for k, (row, other) in enumerate(zip(B, A)):
        row[k % 2] += other[1]
    for column in B.T:
        column[1:] -= column[0]
    return B


@program(S, oracle=D)
def rows_of_rows(A):
    B = A * A
    for i in range(3):
        for j in range(i):
            B[i][j] -= 0.2 * B[j][i]
            B[i, j:][0] += B[j, j]
        B[i] /= 1 + B[i] @ B[i]
    return B


@program(S, oracle=D)
def cholesky_in_place(A):
    L = A @ A.T + 3 * np.eye(3)
    for j in range(3):
        L[j, j] = np.sqrt(L[j, j] - L[j, :j] @ L[j, :j])
        for i in range(j + 1, 3):
            row = L[i]
            row[j] = (row[j] - row[:j] @ L[j, :j]) / L[j, j]
        L[j, j + 1 :] = 0.0
    return L


# Whole arrays.


@program(X, V, oracle=D)
def arrays_augmented(x, v):
    y = x * 1.0
    same = y
    y += v
    y -= x * y
    y *= y[::-1]
    y /= 2 + v**2
    same **= 2
    y[1:] += y[:-1]
    return same * y + np.sum(y // 1e9) + np.sum(y % 1e9)


@program(S, oracle=D)
def matrices_augmented(A):
    B = A * A
    other = B
    B @= A
    B += B.T
    B[...] = B @ B
    B[:] = B.T - A
    return other


@program(X, oracle=D)
def lists_stored(x):
    y = x * 1.0
    y[:3] = [x[1], x[0] * x[2], 2.0]
    y[...] = y**2
    y[-2:] = (y[0], x[3])
    return y


@program(X, oracle=D)
def zero_axes(x):
    s = np.zeros(())
    t = s
    s += x[0] * x[1]
    s[...] *= x[2]
    u = x[0]
    u += 1
    t[()] += x[3]
    return s * t * u


@program(X, V, oracle=D)
def arguments_written(x, v):
    x[1:] += v[:-1] * x[:-1]
    x *= 2.0
    v[0] = x[3]
    return x * v


@program(X, V, oracle=D)
def names_chained(x, v):
    a = b = x * 1.0
    c = a[:2]
    a += v
    b[0] *= 3.0
    c[1] = v[0]
    return a * b + np.sum(c)


# Containers.


@program(X, V, oracle=D)
def arrays_in_lists(x, v):
    a, b = x * 1.0, v * x
    xs = [a, b, a]
    xs[0][1] = 3 * x[0]
    a += 1
    xs[2][2:] *= b[0]
    xs[1] += a
    xs[0], xs[1] = xs[1], xs[0]
    xs[0][0] = v[1]
    return xs[0] * xs[1] + a + b


@program(X, oracle=D)
def arrays_in_dicts(x):
    state = {"u": x * 1.0, "v": x**2}
    view = state["u"][1:]
    for _ in range(2):
        state["u"][1:] += state["v"][:-1]
        state["v"] -= 0.5 * state["u"]
    view[0] *= 2.0
    return state["u"] * state["v"]


@program(X, oracle=D)
def arrays_in_tuples(x):
    pair = (x * 1.0, x * 2.0)
    first, _ = pair
    first[0] = pair[1][1]
    pair[1][:] = pair[0] * pair[1]
    return pair[1] * first


# Control flow.


@program(X, oracle=D)
def stores_under_branches(x):
    y = x * 1.0
    z = y[1:]
    if x[0] > 0:
        y[1] = x[0] * x[1]
        z *= 2.0
    else:
        z[0] = 5.0 * x[2]
    if np.sum(z) > 1:
        y[y > 0] *= 3.0
    return y * np.sum(z)


@program(X, oracle=D)
def stores_in_loops_and_branches(x):
    y = np.zeros(4)
    k = 0
    while k < 4:
        if k % 2:
            y[k] = y[k - 1] * x[k]
        else:
            part = y[k:]
            part += x[k]
        k += 1
    return y


@program(X, oracle=D)
def views_made_in_loops(x):
    y = x * 1.0
    for i in range(3):
        head, tail = y[: i + 1], y[i + 1 :]
        tail += head[-1] * 0.5
        head[0] -= tail[0]
    return y


@program(X, oracle=D)
def expressions_that_write(x):
    y = x * 1.0
    np.copyto(y, x**2) if x[0] > 0 else None
    if x[1] > 10 and y.fill(3.0) is None:
        y[0] = 1.0
    return y


@program(X, oracle=D)
def steps_of_an_integrator(x):
    state, rates = x.copy(), np.empty((3, 4))
    for _ in range(2):
        rates[0] = np.sin(state)
        rates[1] = np.sin(state + 0.5 * rates[0])
        rates[2] = np.sin(state - rates[0] + 2 * rates[1])
        state += (rates[0] + 4 * rates[1] + rates[2]) / 6
    return state


# Calls that write.


@program(X, V, oracle=D)
def added_at(x, v):
    y = x * x
    np.add.at(y, PLACES, v[:3] * x[:3])
    np.subtract.at(y, [1, 1], v[:2])
    np.add.at(y, slice(2, None), x[0])
    np.add.at(y, y > 1, v[0])
    return y**2


@program(S, V[:3], oracle=D)
def added_at_pairs(A, v):
    B = A * 2.0
    np.add.at(B, (PLACES, ORDER), v)
    np.add.at(B, (PLACES, slice(None)), v)
    np.multiply.at(B, (PLACES, np.array([1, 1, 1])), v)
    return B


@program(X, V, oracle=D)
def other_ufuncs_at(x, v):
    y = x * x
    np.multiply.at(y, PLACES, v[:3])
    np.maximum.at(y, PLACES, x[:3])
    np.negative.at(y, np.array([0, 0, 1]))
    np.divide.at(y, np.array([3, 3]), v[0])
    return y


@program(X, V, oracle=D)
def copied_to(x, v):
    y = x * 1.0
    np.copyto(y, v * v)
    np.copyto(y, np.log(np.abs(x)), where=x > 0)
    np.copyto(y[1:], y[:-1])
    return y**2


@program(A, V, oracle=D)
def put_into(A, v):
    B = A * A
    np.put(B, [0, 3, 5], v[:3])
    np.put(B, [1, 2, 4, 0], v[:3] * A[0, 0])
    B.put([5, 5], v[1:3])
    np.putmask(B, B > 0.5, A)
    np.putmask(B, A < 0, v[:2])
    np.place(B, B < 0.1, v[1:3])
    return B


@program(S, oracle=D)
def diagonals_filled(A):
    B, Z = A @ A, A[:, :2] * 2
    np.fill_diagonal(B, A[:, 0])
    np.fill_diagonal(Z, A[0, 0])
    return B @ Z


@program(A, oracle=D)
def put_along_an_axis(A):
    B = A * A
    np.put_along_axis(B, np.argmax(A, axis=1, keepdims=True), 3 * A[0, 0], axis=1)
    np.put_along_axis(B, np.array([[0, 1]]), A[:1], 0)
    return B


@program(X, V, oracle=D)
def out_of_ufuncs(x, v):
    y = np.empty_like(x)
    z = np.exp(x, out=y)
    np.multiply(y, v, out=y)
    z += 1
    np.add(y, z, y)
    np.subtract(y[1:], y[:-1], out=y[1:])
    return y


@program(A, oracle=D)
def out_of_functions(A):
    s, B, c = np.zeros(2), A.copy(), np.empty((3, 3))
    np.sum(A * A, axis=0, out=s)
    B.cumsum(axis=0, out=B)
    np.clip(B, -0.5, 0.5, out=B)
    np.dot(A, A.T, out=c)
    total = np.zeros(())
    np.sum(c, out=total)
    return B * s + c[:, :2] * total


@program(X, V, oracle=D)
def out_where(x, v):
    """Where the mask is false nothing is computed: its infinities must not come into the derivative."""
    y = x.copy()
    y[0] = 0.0
    z = np.divide(v, y, out=np.zeros_like(y), where=y != 0)
    np.log(y, out=z, where=y > 0)
    return z


@program(A, V[:3], oracle=D)
def out_that_is_larger(A, v):
    B = np.zeros((3, 2))
    np.sqrt(v[:, None] ** 2 + 1, out=B)
    np.multiply(B, A[0], out=B, where=A > 0)
    return B


@program(A, oracle=D)
def filled_and_sorted(A):
    B = np.empty((2, 3))
    B.fill(A[0, 0])
    B[0].fill(A[1, 1] ** 2)
    B[1] = A[:, 1]
    B.T.sort(axis=0)
    r = A[:, 0] * 1.0
    r.sort()
    Z = A * A
    Z.sort(0)
    return B * r, Z


@program(np.abs(X), oracle=D)
def nan_to_num_in_place(x):
    y = np.log(x)
    y[0] = np.inf
    return np.nan_to_num(y, copy=False, posinf=1.0) * y


@program(np.array([2.0, 1.0, 0.5]), oracle=D)
def a_mask_stored_into_at_its_own_places(x):
    active = np.ones(3, dtype=bool)
    y = x.copy()
    for _ in range(4):
        y[active] = y[active] * 0.5
        active[active] = np.abs(y[active]) > 0.3
    return y * y


@pytest.mark.parametrize(
    "function", programs(__import__(__name__, fromlist=["_"])), ids=lambda f: f.__name__
)
def test_programs(function):
    check(function)
