"""Prices of options."""

import math

import numpy as np

NORMALS = np.random.default_rng(11).normal(size=(6, 5))


def american_put(spot, strike, rate, volatility, maturity, steps=6):
    """The price of an American put by a binomial tree."""
    dt = maturity / steps
    up = math.exp(volatility * math.sqrt(dt))
    down = 1 / up
    growth = math.exp(rate * dt)
    p = (growth - down) / (up - down)
    if not 0 < p < 1:
        raise ValueError("the tree allows arbitrage")

    values = []
    for j in range(steps + 1):
        price = spot * up**j * down ** (steps - j)
        values.append(max(strike - price, 0.0))
    for step in range(steps - 1, -1, -1):
        for j in range(step + 1):
            held = (p * values[j + 1] + (1 - p) * values[j]) / growth
            price = spot * up**j * down ** (step - j)
            values[j] = max(held, strike - price)
        values.pop()
    return values[0]


def simulate_path(spot, rate, volatility, dt, normals):
    path = [spot]
    for z in normals:
        drift = (rate - 0.5 * volatility**2) * dt
        path.append(path[-1] * np.exp(drift + volatility * np.sqrt(dt) * z))
    return path


def barrier_call(spot, strike, rate, volatility, barrier=140.0, maturity=1.0):
    """An Asian call that dies above a barrier, by Monte Carlo with normals that are fixed, each used with both signs."""
    n_paths, n_steps = NORMALS.shape
    dt = maturity / n_steps
    payoffs = []
    for row in NORMALS:
        pair = []
        for sign in (1, -1):
            path = simulate_path(spot, rate, volatility, dt, sign * row)
            if any(price > barrier for price in path):
                pair.append(0.0)
                continue
            average = sum(path[1:]) / n_steps
            pair.append(max(average - strike, 0.0))
        payoffs.append(0.5 * (pair[0] + pair[1]))
    return np.exp(-rate * maturity) * np.mean(np.array(payoffs))


def normal_cdf(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def call_price(spot, strike, rate, volatility, maturity):
    total = volatility * math.sqrt(maturity)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / total
    return spot * normal_cdf(d1) - strike * math.exp(-rate * maturity) * normal_cdf(d1 - total)


def implied_volatility(price, spot, strike, rate, maturity):
    """The volatility at which Black and Scholes give a price, by bisection and then by Newton's method."""
    low, high = 1e-3, 3.0
    for _ in range(8):
        middle = 0.5 * (low + high)
        if call_price(spot, strike, rate, middle, maturity) > price:
            high = middle
        else:
            low = middle
    sigma = 0.5 * (low + high)
    for _ in range(20):
        total = sigma * math.sqrt(maturity)
        d1 = (math.log(spot / strike) + (rate + 0.5 * sigma**2) * maturity) / total
        vega = spot * math.exp(-0.5 * d1**2) / math.sqrt(2 * math.pi) * math.sqrt(maturity)
        miss = call_price(spot, strike, rate, sigma, maturity) - price
        sigma = sigma - miss / vega
        if abs(miss) < 1e-12 * spot:
            return sigma
    raise RuntimeError("no volatility gives this price")
