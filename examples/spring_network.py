"""Mechanics: the shape of a hanging net, and what its four hooks carry.

The net is held at its corners; its threads pull when they are stretched and do nothing when they
are slack. Its energy is a NumPy function that calls a helper for the threads of each direction.
`srcad.grad` turns the energy into forces, damped motion brings the net to rest, and the forces at
the hooks must add up to its weight.

    python examples/spring_network.py
"""

import numpy as np

import srcad

NODES = 15
STIFFNESS = 400.0  # newtons a metre
MASS = 0.02  # kilograms at every node
GRAVITY = 9.81
REST = 0.1  # metres of thread between two nodes


def threads(a, b):
    """Energy of the threads that join the nodes `a` to the nodes `b`."""
    length = np.sqrt(np.sum((a - b) ** 2, axis=-1))
    stretch = np.maximum(length - REST, 0.0)
    return 0.5 * STIFFNESS * np.sum(stretch**2)


def energy(x):
    """Energy of the net whose nodes are at `x[row, column]`, in joules."""
    lengthwise = threads(x[1:], x[:-1])
    crosswise = threads(x[:, 1:], x[:, :-1])
    height = MASS * GRAVITY * np.sum(x[:, :, 2])
    return lengthwise + crosswise + height


def relax(x, held, steps):
    """Let the net move, damped, until it hangs still."""
    gradient = srcad.grad(energy)
    speed, dt = np.zeros_like(x), 0.004
    for step in range(steps + 1):
        force = -gradient(x)
        force[held] = 0.0
        if step % 300 == 0:
            largest = np.abs(force).max()
            print(f"step {step:>5}   energy {energy(x):>9.5f} J   largest force {largest:.1e} N")
        speed = 0.98 * speed + dt * force / MASS
        x = x + dt * speed
    return x


def main():
    at = np.linspace(0.0, 0.9 * REST * (NODES - 1), NODES)
    flat = np.stack(np.meshgrid(at, at, [0.0], indexing="ij"), axis=-1)[:, :, 0]
    held = np.zeros((NODES, NODES), bool)
    held[[0, 0, -1, -1], [0, -1, 0, -1]] = True

    x = relax(flat, held, 1800)

    print("\nCentimetres that the net hangs below its hooks:\n")
    for row in x[::2, ::2, 2]:
        print("".join(f"{0.0 - 100 * z:>6.1f}" for z in row))

    reaction = srcad.grad(energy)(x)[held]
    weight = MASS * GRAVITY * NODES**2
    print(f"\nThe hooks carry {np.sum(reaction[:, 2]):.4f} N; the net weighs {weight:.4f} N.")
    print(f"Each is pulled with {np.linalg.norm(reaction, axis=1).mean():.2f} N.")


if __name__ == "__main__":
    main()
