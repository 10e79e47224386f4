"""Where the programs are evaluated: away from kinks, and from numbers that hide a wrong factor."""

import numpy as np

X = np.array([0.3, -0.7, 1.1, 0.4])
Y = np.array([1.3, 0.2, -0.6, 0.9])
P = np.array([0.5, 1.2, 0.8])
A = np.array([[0.9, -0.3, 0.4], [0.2, 1.1, -0.5], [-0.6, 0.7, 0.8]])
B = np.array([[0.3, 1.2], [-0.4, 0.5], [0.7, -0.9]])
S = np.array([[2.1, 0.3, -0.4], [0.3, 1.7, 0.2], [-0.4, 0.2, 1.4]])
