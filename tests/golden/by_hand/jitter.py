# evidence_grad: srcad dump jitter.py "grad(evidence, argnums=(0, 1))" --arg "K: float64[n, n]" --arg "y: float64[n]"
# slack: 1.3
import numpy as np


def evidence(K, y):
    S = K @ K.T
    try:
        S_inv = np.linalg.inv(S)
    except np.linalg.LinAlgError:
        S_inv = np.linalg.inv(S + 1e-6 * np.eye(len(y)))
    return y @ S_inv @ y


def evidence_grad(K, y):
    """Gradient of `evidence` with respect to `K` and `y`: float64[n, n], float64[n]."""
    S = K @ K.T
    try:
        S_inv = np.linalg.inv(S)
    except np.linalg.LinAlgError:
        S_inv = np.linalg.inv(S + 1e-6 * np.eye(len(y)))

    # return y @ S_inv @ y
    S_inv_bar = np.outer(y, y)
    y_bar = S_inv @ y + S_inv.T @ y
    # S_inv = np.linalg.inv(S)
    S_bar = -S_inv.T @ S_inv_bar @ S_inv.T
    # S = K @ K.T
    K_bar = S_bar @ K + S_bar.T @ K
    return K_bar, y_bar
