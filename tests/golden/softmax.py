# srcad dump softmax.py "grad(cross_entropy)" --arg "logits: float32[n, k]" --arg "labels: int64[n]"
import numpy as np


def cross_entropy(logits, labels):
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_z = np.log(np.sum(np.exp(shifted), axis=1))
    picked = shifted[np.arange(len(labels)), labels]
    return np.mean(log_z - picked)
