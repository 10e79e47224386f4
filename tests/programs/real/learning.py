"""Models that learn: networks written by hand, mixtures, Gaussian processes."""

import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def lstm_cell(x, state, weights):
    h, c = state
    gates = {}
    for name in ("input", "forget", "output", "cell"):
        z = weights[name]["W"] @ x + weights[name]["U"] @ h + weights[name]["b"]
        gates[name] = np.tanh(z) if name == "cell" else sigmoid(z)
    c = gates["forget"] * c + gates["input"] * gates["cell"]
    h = gates["output"] * np.tanh(c)
    return h, c


def lstm_loss(weights, readout, sequence, targets):
    """Squared error of an LSTM's predictions along a sequence."""
    size = weights["cell"]["b"].shape[0]
    state = (np.zeros(size), np.zeros(size))
    predictions = []
    for x in sequence:
        state = lstm_cell(x, state, weights)
        predictions.append(readout @ state[0])
    loss = 0.0
    for p, t in zip(predictions, targets):
        loss = loss + (p - t) ** 2
    return loss / len(predictions)


class LogisticRegression:
    def __init__(self, params, l2):
        self.params = params
        self.l2 = l2

    def scores(self, X):
        return X @ self.params["w"] + self.params["b"]

    def penalty(self):
        total = 0.0
        for name, value in self.params.items():
            if name == "b":
                continue
            total += np.sum(value**2)
        return 0.5 * self.l2 * total

    def loss(self, X, y):
        losses = []
        for score, label in zip(self.scores(X), y):
            # log(1 + exp(-s)), without overflow
            margin = score if label > 0.5 else -score
            losses.append(
                np.log1p(np.exp(-margin)) if margin > 0 else -margin + np.log1p(np.exp(margin))
            )
        return sum(losses) / len(losses) + self.penalty()


def logistic_regression(params, X, y, l2=0.1):
    """Mean negative log likelihood with a ridge."""
    model = LogisticRegression(params, l2)
    return model.loss(X, y)


def relu(x):
    return x if x > 0 else 0.01 * x


def conv_layer(image, kernels, bias, stride=1, padding=1):
    """A convolution by loops, leaky rectifiers, and the maximum over windows of 2 x 2."""
    height, width = image.shape
    n_kernels, kh, kw = kernels.shape
    padded = np.zeros((height + 2 * padding, width + 2 * padding))
    padded[padding : padding + height, padding : padding + width] = image

    out_h = (height + 2 * padding - kh) // stride + 1
    out_w = (width + 2 * padding - kw) // stride + 1
    out = np.zeros((n_kernels, out_h, out_w))
    for k in range(n_kernels):
        for i in range(out_h):
            for j in range(out_w):
                patch = padded[i * stride : i * stride + kh, j * stride : j * stride + kw]
                out[k, i, j] = relu(np.sum(patch * kernels[k]) + bias[k])

    pooled = np.empty((n_kernels, out_h // 2, out_w // 2))
    for k in range(n_kernels):
        for i in range(out_h // 2):
            for j in range(out_w // 2):
                window = out[k, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                pooled[k, i, j] = window.max()
    return pooled


def softmax(scores, axis=-1):
    scores = scores - scores.max(axis=axis, keepdims=True)
    e = np.exp(scores)
    return e / e.sum(axis=axis, keepdims=True)


def layer_norm(x, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


def attention(x, params, n_heads=2, causal=True):
    """A block of self-attention with several heads, and a residual connection."""
    T, d = x.shape
    assert d % n_heads == 0, "the heads do not divide the width"
    size = d // n_heads
    normed = layer_norm(x)
    q, k, v = [normed @ params[name] for name in ("query", "key", "value")]

    heads = []
    for h in range(n_heads):
        part = slice(h * size, (h + 1) * size)
        scores = q[:, part] @ k[:, part].T / np.sqrt(size)
        if causal:
            mask = np.tril(np.ones((T, T), dtype=bool))
            scores = np.where(mask, scores, -1e9)
        heads.append(softmax(scores) @ v[:, part])
    return x + np.concatenate(heads, axis=1) @ params["out"]


def log_gaussian(x, mean, log_std):
    z = (x - mean) / np.exp(log_std)
    return -0.5 * np.sum(z * z) - np.sum(log_std) - 0.5 * len(x) * np.log(2 * np.pi)


def em_step(data, weights, means, log_stds):
    """One step of expectation and maximisation for a mixture with diagonal covariances."""
    K = len(weights)
    responsibilities = []
    total_log_likelihood = 0.0
    for x in data:
        logs = np.array(
            [np.log(weights[k]) + log_gaussian(x, means[k], log_stds[k]) for k in range(K)]
        )
        top = logs.max()
        log_norm = top + np.log(np.sum(np.exp(logs - top)))
        total_log_likelihood += log_norm
        responsibilities.append(np.exp(logs - log_norm))
    r = np.array(responsibilities)

    counts = r.sum(axis=0)
    new_weights = counts / len(data)
    new_means, new_log_stds = [], []
    for k in range(K):
        mean = (r[:, k] @ data) / counts[k]
        variance = (r[:, k] @ (data - mean) ** 2) / counts[k]
        new_means.append(mean)
        new_log_stds.append(0.5 * np.log(variance + 1e-3))
    return {
        "weights": new_weights,
        "means": np.array(new_means),
        "log_stds": np.stack(new_log_stds),
        "log_likelihood": total_log_likelihood,
    }


def squared_exponential(a, b, length, amplitude):
    return amplitude**2 * np.exp(-0.5 * ((a - b) / length) ** 2)


def gp_log_likelihood(theta, x, y):
    """The log marginal likelihood of a Gaussian process; theta holds the logs of its three hyperparameters."""
    length, amplitude, noise = [np.exp(t) for t in theta]
    n = len(x)
    K = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            K[i, j] = K[j, i] = squared_exponential(x[i], x[j], length, amplitude)
        K[i, i] += noise**2 + 1e-8
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    log_det = 2.0 * sum(np.log(L[i, i]) for i in range(n))
    return -0.5 * y @ alpha - 0.5 * log_det - 0.5 * n * np.log(2 * np.pi)


def softmin(values, gamma):
    lowest = min(values)
    total = sum(np.exp(-(v - lowest) / gamma) for v in values)
    return lowest - gamma * np.log(total)


def soft_dtw(a, b, gamma):
    """Soft dynamic time warping of two series."""
    n, m = len(a), len(b)
    table = np.full((n + 1, m + 1), 1e10)
    table[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            table[i, j] = cost + softmin(
                [table[i - 1, j], table[i, j - 1], table[i - 1, j - 1]], gamma
            )
    return table[n, m]
