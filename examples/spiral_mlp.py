"""Machine learning: a small neural network learns to tell two spirals apart.

The parameters are a dict of lists of tuples of arrays, and so is the gradient that
`srcad.value_and_grad` returns. Full-batch Adam, written out, does the rest; a map of the plane
shows what the network has learnt.

    python examples/spiral_mlp.py
"""

from itertools import pairwise

import numpy as np

import srcad


def logits(params, points):
    """The network's answers: positive for the first spiral, negative for the second."""
    h = points
    for W, b in params["hidden"]:
        h = np.tanh(h @ W + b)
    W, b = params["output"]
    return (h @ W + b)[:, 0]


def loss(params, points, labels):
    """Cross-entropy between the labels (1 and 0) and the network's answers."""
    z = logits(params, points)
    return np.mean(np.logaddexp(0.0, z) - labels * z)


def initial(rng, sizes):
    """Random weights for layers of these sizes."""
    layers = [(rng.normal(size=(n, m)) / np.sqrt(n), np.zeros(m)) for n, m in pairwise(sizes)]
    return {"hidden": layers[:-1], "output": layers[-1]}


def tree_map(f, tree, *others):
    """Apply `f` to the arrays that stand at the same place in each tree."""
    if isinstance(tree, dict):
        return {key: tree_map(f, tree[key], *(other[key] for other in others)) for key in tree}
    if isinstance(tree, (list, tuple)):
        return type(tree)(tree_map(f, *items) for items in zip(tree, *others, strict=True))
    return f(tree, *others)


def train(params, points, labels, steps, rate=0.02):
    """Adam, on all points at once."""
    value_and_grad = srcad.value_and_grad(loss)
    mean = square = tree_map(np.zeros_like, params)
    for step in range(1, steps + 1):
        value, slope = value_and_grad(params, points, labels)
        mean = tree_map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = tree_map(lambda s, g: 0.99 * s + 0.01 * g**2, square, slope)
        size = rate * np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        params = tree_map(
            lambda p, m, s, size=size: p - size * m / (np.sqrt(s) + 1e-8), params, mean, square
        )
        if step == 1 or step % 100 == 0:
            print(f"step {step:>4}   loss {value:.4f}")
    return params


def spirals(rng, n):
    """Two spirals of n points each, with some noise, and their labels."""
    turn = np.sqrt(rng.uniform(0.05, 1.0, n))
    angle = 3 * np.pi * turn
    arm = np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1)
    points = np.concatenate([arm, -arm]) + 0.01 * rng.normal(size=(2 * n, 2))
    return points, np.repeat([1.0, 0.0], n)


def main():
    rng = np.random.default_rng(0)
    points, labels = spirals(rng, 150)
    params = train(initial(rng, [2, 24, 24, 1]), points, labels, steps=600)

    right = np.mean((logits(params, points) > 0) == (labels > 0.5))
    print(f"\n{right:.1%} of the points are told apart. The plane, as the network sees it:\n")
    x, y = np.linspace(-1, 1, 61), np.linspace(1, -1, 29)
    plane = np.stack([np.tile(x, 29), np.repeat(y, 61)], axis=1)
    for row in logits(params, plane).reshape(29, 61):
        print("".join("#" if z > 0 else "." for z in row))


if __name__ == "__main__":
    main()
