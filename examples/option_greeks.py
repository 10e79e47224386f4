"""Finance: the sensitivities ("Greeks") of put options.

A European put has a closed formula, written here with scalars and the `math` module; an American
one, which may be exercised early, needs a binomial tree (Leisen and Reimer's), an array that a
loop updates in place. For both, `srcad.value_and_grad` returns the price and, as a dict like the
one that goes in, its derivatives with respect to everything that the price depends on.

    python examples/option_greeks.py
"""

import math

import numpy as np

import srcad

STEPS = 401


def distances(market):
    """How far, in standard deviations, the strike is from the spot: d1 and d2 of the literature."""
    years = market["years"]
    spread = market["volatility"] * math.sqrt(years)
    forward = market["spot"] * math.exp(market["rate"] * years)
    d_1 = math.log(forward / market["strike"]) / spread + 0.5 * spread
    return d_1, d_1 - spread


def normal_cdf(x):
    """The probability that a standard normal variable is below x."""
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def closed_formula(market):
    """Price of a European put: Black and Scholes."""
    d_1, d_2 = distances(market)
    discounted = market["strike"] * math.exp(-market["rate"] * market["years"])
    return discounted * normal_cdf(-d_2) - market["spot"] * normal_cdf(-d_1)


def binomial_cdf(x):
    """Peizer and Pratt's approximation of the normal distribution by a binomial one."""
    power = (x / (STEPS + 1 / 3 + 0.1 / (STEPS + 1))) ** 2 * (STEPS + 1 / 6)
    half = 0.5 * math.sqrt(1.0 - math.exp(-power))
    if x < 0.0:
        half = -half
    return 0.5 + half


def tree(market, early):
    """Price of a put by a binomial tree; `early` says whether it may be exercised early."""
    spot, strike = market["spot"], market["strike"]
    d_1, d_2 = distances(market)
    p = binomial_cdf(d_2)
    growth = math.exp(market["rate"] * market["years"] / STEPS)
    up = growth * binomial_cdf(d_1) / p
    down = (growth - p * up) / (1.0 - p)

    ups = np.arange(STEPS + 1)
    value = np.maximum(strike - spot * up**ups * down ** (STEPS - ups), 0.0)
    for i in reversed(range(STEPS)):
        value[:-1] = (p * value[1:] + (1.0 - p) * value[:-1]) / growth
        if early:
            value = np.maximum(value, strike - spot * up**ups * down ** (i - ups))
    return value[0]


def main():
    market = {"spot": 100.0, "strike": 105.0, "years": 1.0, "rate": 0.04, "volatility": 0.25}
    by_tree = srcad.value_and_grad(tree)
    columns = {
        "European, formula": srcad.value_and_grad(closed_formula)(market),
        "European, tree": by_tree(market, False),
        "American, tree": by_tree(market, True),
    }

    print("A put with " + ", ".join(f"{name} {value:g}" for name, value in market.items()) + "\n")
    print(" " * 22 + "".join(f"{title:>20}" for title in columns))
    print(f"{'price':<22}" + "".join(f"{price:>20.4f}" for price, _ in columns.values()))
    for name in market:
        row = "".join(f"{greeks[name]:>20.4f}" for _, greeks in columns.values())
        print(f"{'d price/d ' + name:<22}{row}")

    price, greeks = columns["American, tree"]
    early = price - columns["European, tree"][0]
    money = market["spot"] * greeks["spot"] + market["strike"] * greeks["strike"]
    print(f"\nThe right to exercise early is worth {early:.4f}.")
    print(
        f"Prices scale with money: spot and strike times their Greeks give {money:.4f}, the price."
    )


if __name__ == "__main__":
    main()
