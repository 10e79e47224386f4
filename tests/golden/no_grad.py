# srcad dump no_grad.py "jacrev(f)" --arg "x: float64[n]"
import srcad


def f(x):
    with srcad.no_grad():
        c = x**2
    return x - c
