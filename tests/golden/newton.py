# srcad dump newton.py "grad(newton_sqrt)" --arg "a: float64"


def newton_sqrt(a):
    x = 0.5 * (1.0 + a)
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x
