# srcad dump two_arguments.py "jacrev(f, argnums=(0, 1))" --arg "x: float64[n]" --arg "y: float64[n]"


def f(x, y):
    return x + y**2
