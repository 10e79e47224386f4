"""Mutation: stores, views, buffers, out=, and the same array under several names."""

import numpy as np

from tests.programs.corpus.arguments import A, P, X, Y
from tests.programs.oracle import program


@program(X, oracle="complex")
def item_stores(x):
    u = np.zeros_like(x)
    for i in range(1, len(x)):
        u[i] = u[i - 1] * x[i] + x[i - 1]
    return u


@program(X, oracle="complex")
def stores_into_the_argument(x):
    x[0] = x[1] * x[2]
    x *= 2
    x[1:] += x[:-1]
    return np.sum(x * x)


@program(X, oracle="differences")
def store_through_a_mask(x):
    y = x.copy()
    y[y < 0] = 0.1
    y[y > 1] = x[0] ** 2
    y[x > 0.35] *= 3
    return np.sum(y * x)


@program(X, oracle="complex")
def store_through_indices(x):
    y = np.zeros_like(x)
    idx = np.array([2, 0])
    y[idx] = x[:2] ** 2
    y[[1, 3]] += x[idx]
    return y * x


@program(X, oracle="complex")
def augmented_store_with_repeated_indices(x):
    y = x * 2
    idx = np.array([0, 0, 1])
    y[idx] += x[1:] ** 2
    return y


@program(X, oracle="complex")
def add_at_with_repeated_indices(x):
    y = np.zeros_like(x)
    np.add.at(y, [0, 0, 3, 0], x * x)
    return y * x


@program(X, oracle="complex")
def add_at_in_a_loop(x):
    bins = x * 0
    for k in range(3):
        np.add.at(bins, [k, k, 0], x[1:] * x[k])
    return np.sum(bins**2)


@program(X, oracle="complex")
def swap_of_items(x):
    y = x * x
    y[0], y[2] = y[2], y[0]
    y[1], y[3] = y[3] * 2, y[1]
    return y * x


@program(A, oracle="complex")
def swap_of_rows(m):
    m = m.copy()
    m[[0, 2]] = m[[2, 0]]
    m[0] -= m[1] * m[2, 2]
    return m


@program(A, oracle="complex")
def swap_of_rows_by_copies(m):
    m = m * 1
    row = m[0].copy()
    m[0] = m[1]
    m[1] = row
    return m @ m[0]


@program(A, oracle="complex")
def row_view_written(m):
    m = m * 1
    for i in range(1, 3):
        row = m[i]
        row -= m[i - 1] * row[0]
    return m


@program(A, oracle="complex")
def column_view_written(m):
    m = m.copy()
    column = m[:, 1]
    column *= m[:, 0]
    m[0] += column
    return np.sum(m * m)


@program(A, oracle="complex")
def transposed_view_written(m):
    m = m.copy()
    t = m.T
    t[0] += t[1] * 2
    return m @ m


@program(A, oracle="complex")
def reshaped_view_read_after_a_store(m):
    m = m.copy()
    flat = m.ravel().copy()
    m[0, 0] = flat[4] * flat[8]
    return np.sum(flat) * np.sum(m)


@program(X, oracle="complex")
def view_kept_across_a_store(x):
    u = x * 1.0
    tail = u[1:]
    u[1:] *= u[:-1]
    return np.sum(tail**2)


@program(X, oracle="complex")
def double_buffers(x):
    old, new = x.copy(), np.zeros_like(x)
    for _ in range(3):
        new[1:-1] = old[1:-1] + 0.1 * (old[2:] - 2 * old[1:-1] + old[:-2]) * old[1:-1]
        new[0], new[-1] = old[0], old[-1]
        old, new = new, old
    return old


@program(X, oracle="complex")
def out_argument(x):
    y = np.empty_like(x)
    np.multiply(x, x, out=y)
    np.add(y, x, out=y)
    np.sin(y, out=y[:])
    return np.sum(y * x)


@program(A, P, oracle="complex")
def dot_with_out(a, p):
    y = p * 0
    np.dot(a, p, out=y)
    return y * y


@program(P, oracle="differences")
def sort_in_place(p):
    q = p * p
    q.sort()
    return q * np.array([1.0, 2.0, 3.0])


@program(P, oracle="complex")
def fill_and_ellipsis(p):
    q = np.empty_like(p)
    q.fill(p[0])
    q[...] *= p
    r = p * 2
    r[...] = 1.0
    return q + r * p


@program(X, Y, oracle="complex")
def copyto(x, y):
    z = np.zeros_like(x)
    np.copyto(z, x * y)
    np.copyto(z, 2 * x, where=[True, False, False, True])
    return z


@program(X, oracle="complex")
def put_and_fill_diagonal(x):
    y = x * 1
    np.put(y, [0, 3], [x[1], x[2] ** 2])
    m = np.outer(x, x)
    np.fill_diagonal(m, 1.0)
    return m @ y


def scale_in_place(array, factor):
    array *= factor


def axpy(a, x, y):
    for i in range(len(x)):
        y[i] += a * x[i]


@program(X, 0.7, oracle="complex")
def argument_mutated_by_a_callee(x, k):
    y = x.copy()
    scale_in_place(y, k)
    axpy(k, x * x, y)
    scale_in_place(y[1:3], 2.0)
    return y


@program(X, oracle="complex")
def buffer_in_a_list(x):
    buffers = [x.copy(), np.zeros_like(x)]
    buffers[1][:] = buffers[0] ** 2
    buffers[0][0] = 5.0
    buffers[1][1] += buffers[0][2]
    return buffers[0] * buffers[1]


@program(X, oracle="complex")
def list_of_buffers_in_a_loop(x):
    buffers = [x * k for k in range(1, 4)]
    for b in buffers:
        b[0] = b[1] * b[2]
    for k, b in enumerate(buffers):
        b *= k + 1
    return np.sum(buffers[0] * buffers[2])


@program(X, oracle="complex")
def buffer_in_a_dict(x):
    work = {"u": x.copy(), "v": np.ones_like(x)}
    for _ in range(2):
        work["v"] *= work["u"]
        work["u"][1:] += work["v"][:-1]
    return work["u"]


@program(X, oracle="complex")
def two_names_of_one_array(x):
    a = x * 1
    b = a
    b += x
    a[0] *= b[1]
    return np.sum(b**2)


@program(X, oracle="complex")
def new_array_against_in_place(x):
    a = x * 1
    b = a
    b = b + x
    c = a
    c += x
    return a * b


@program(X, oracle="differences")
def store_under_a_branch_in_a_loop(x):
    u = x.copy()
    for i in range(1, len(x)):
        if u[i] > u[i - 1]:
            u[i] *= u[i - 1]
        else:
            u[i - 1] += u[i]
    return u


@program(A, oracle="complex")
def gaussian_elimination(m):
    m = m.copy()
    n = len(m)
    for k in range(n):
        for i in range(k + 1, n):
            m[i] -= m[i, k] / m[k, k] * m[k]
    return np.prod(np.diag(m))


@program(A @ A.T, oracle="differences")
def cholesky_by_hand(m):
    n = m.shape[0]
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = m[i, j] - low[i, :j] @ low[j, :j]
            low[i, j] = np.sqrt(s) if i == j else s / low[j, j]
    return low


@program(P, oracle="complex")
def chained_assignment_of_arrays(p):
    a = b = p * 2
    a[0] = p[1]
    b += 1
    return a * b


@program(A, oracle="differences")
def cumulative_in_place(m):
    total = np.zeros(3)
    for row in m:
        total += row**2
        row[0] = total[1]
    return total * m[:, 0]


@program(X, oracle="differences")
def clip_with_out(x):
    y = x * 2
    np.clip(y, -1, 1, out=y)
    np.maximum(y, 0.1, out=y)
    return y * x


@program(X, oracle="complex")
def reversed_view(x):
    y = x * 1
    r = y[::-1]
    y[0] = x[3] ** 2
    r[0] = 7 * x[1]
    return y * r


@program(X, oracle="complex")
def loop_over_rows_of_windows(x):
    u = np.zeros((3, 4), dtype=x.dtype)
    for k, row in enumerate(u):
        row[k:] = x[k:] ** (k + 1)
        row[0] += x[k]
    return u.sum(axis=0) * x


@program(X, oracle="complex")
def delete_and_remake(x):
    y = x**2
    z = y[1:]
    del y
    z[0] = x[0]
    return np.sum(z * x[1:])


@program(X, oracle="complex")
def attribute_store_of_views(x):
    m = np.zeros((2, 2), dtype=x.dtype)
    m.flat[:] = x
    m[0, :] = m[1, :] * m[:, 0]
    return m


@program(X, oracle="complex")
def reduce_into_a_slot(x):
    acc = np.zeros(2, dtype=x.dtype)
    for i in range(4):
        acc[i % 2] += x[i] ** 2
    acc[1] **= 2
    acc /= acc.sum()
    return acc


@program(X, oracle="complex")
def tuple_of_stores(x):
    y = x * 1
    (y[0], y[1]), y[2:] = (x[1], x[0] * y[0]), x[:2] ** 2
    return y
