"""Filters and hidden Markov models, as one finds them in lecture notes and repositories."""

from dataclasses import dataclass

import numpy as np

STEPS = [0, 2, 1, 1, 0, 2]
NOISE = np.random.default_rng(7).normal(size=(4, 12))


def kalman_filter(A, C, Q, R, mean, cov, measurements):
    """Filtered means, and the log likelihood of what was measured."""
    log_likelihood = 0.0
    filtered_means = []
    identity = np.eye(len(mean))
    for y in measurements:
        # predict
        mean = A @ mean
        cov = A @ cov @ A.T + Q

        # update
        innovation = y - C @ mean
        S = C @ cov @ C.T + R
        S_inv = np.linalg.inv(S)
        gain = cov @ C.T @ S_inv
        mean = mean + gain @ innovation
        cov = (identity - gain @ C) @ cov
        filtered_means.append(mean)

        distance = innovation @ S_inv @ innovation
        log_likelihood -= 0.5 * (distance + np.log(np.linalg.det(S)) + len(y) * np.log(2 * np.pi))
    return np.array(filtered_means), log_likelihood


def logsumexp(values):
    largest = max(values)
    total = 0.0
    for v in values:
        total += np.exp(v - largest)
    return largest + np.log(total)


def hmm_log_likelihood(log_start, log_transition, log_emission):
    """The forward algorithm, in log space, for the symbols seen in STEPS."""
    n_states = len(log_start)
    # normalise what may not be normalised
    log_start = log_start - logsumexp(log_start)
    log_transition = np.array([row - logsumexp(row) for row in log_transition])
    log_emission = np.array([row - logsumexp(row) for row in log_emission])

    alpha = [log_start[s] + log_emission[s, STEPS[0]] for s in range(n_states)]
    for symbol in STEPS[1:]:
        new_alpha = []
        for s in range(n_states):
            incoming = [alpha[p] + log_transition[p, s] for p in range(n_states)]
            new_alpha.append(logsumexp(incoming) + log_emission[s, symbol])
        alpha = new_alpha
    return logsumexp(alpha)


def soft_viterbi(transition, emission, temperature):
    """Viterbi's recursion with a soft maximum; the score of the best path, and how often it visits each state, softly."""
    T, K = emission.shape
    score = emission[0].copy()
    backpointers = []
    for t in range(1, T):
        new_score = np.zeros(K)
        pointers = np.zeros((K, K))
        for j in range(K):
            candidates = (score + transition[:, j]) / temperature
            top = np.max(candidates)
            weights = np.exp(candidates - top)
            normaliser = weights.sum()
            new_score[j] = temperature * (top + np.log(normaliser)) + emission[t, j]
            pointers[:, j] = weights / normaliser
        score = new_score
        backpointers.append(pointers)

    top = np.max(score)
    belief = np.exp((score - top) / temperature)
    belief /= belief.sum()
    best = temperature * np.log(np.sum(np.exp((score - top) / temperature))) + top

    visits = belief.copy()
    for pointers in reversed(backpointers):
        belief = pointers @ belief
        visits += belief
    return best, visits


@dataclass
class Motion:
    drift: float
    damping: float
    noise: float


def step_particles(particles, motion, noise):
    moved = []
    for p, eps in zip(particles, noise):
        moved.append(motion.damping * p + motion.drift + motion.noise * eps)
    return np.stack(moved)


def particle_filter(particles, motion, observations, sigma):
    """Estimates by weighted particles, whose weights are tempered where too few of them are alive."""
    n = len(particles)
    log_weights = np.full(n, -np.log(n))
    estimates = []
    for t, observed in enumerate(observations):
        particles = step_particles(particles, motion, NOISE[t, :n])
        for i in range(n):
            error = (observed - particles[i]) / sigma
            log_weights[i] += -0.5 * error**2 - np.log(sigma)
        log_weights -= np.max(log_weights)
        weights = np.exp(log_weights)
        weights = weights / np.sum(weights)
        effective = 1.0 / np.sum(weights**2)
        if effective < n / 2:
            weights = 0.5 * weights + 0.5 / n
        log_weights = np.log(weights)
        estimates.append(np.sum(weights * particles))
    return np.array(estimates)


class RecursiveLeastSquares:
    def __init__(self, n, forgetting, delta):
        self.w = np.zeros(n)
        self.P = np.eye(n) / delta
        self.forgetting = forgetting

    def update(self, x, target):
        Px = self.P @ x
        gain = Px / (self.forgetting + x @ Px)
        error = target - self.w @ x
        self.w = self.w + gain * error
        self.P = (self.P - np.outer(gain, Px)) / self.forgetting
        return error


def adaptive_filter(signal, desired, forgetting=0.97, taps=3):
    """Errors of a filter that learns as it runs, squared and added, and the taps that it ends with."""
    rls = RecursiveLeastSquares(taps, forgetting, delta=0.5)
    cost = 0.0
    for t in range(taps - 1, len(signal)):
        window = signal[t - taps + 1 : t + 1][::-1]
        error = rls.update(window, desired[t])
        if t < taps:
            continue  # it has seen nothing yet
        cost += error**2
    return cost + 0.01 * np.sum(rls.w**2)
