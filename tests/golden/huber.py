# srcad dump huber.py "grad(huber)" --arg "x: float64" --arg "delta: float64"


def huber(x, delta):
    r = abs(x)
    if r <= delta:
        y = 0.5 * r * r
    else:
        y = delta * (r - 0.5 * delta)
    return y
