"""Cameras, robots, curves and surfaces."""

from dataclasses import dataclass

import numpy as np


def smooth_union(d1, d2, k):
    h = max(k - abs(d1 - d2), 0.0) / k
    return min(d1, d2) - h * h * k * 0.25


def scene(p, spheres):
    """The signed distance to some spheres, blended, and to the ground."""
    distance = p[2] + 1.0
    for sphere in spheres:
        offset = p - sphere["centre"]
        d = np.sqrt(np.sum(offset**2)) - sphere["radius"]
        distance = smooth_union(distance, d, 0.3)
    return distance


def ray_march(origin, direction, spheres, max_steps=40, far=20.0):
    """How far a ray gets, and the light that it gathers near surfaces on its way."""
    direction = direction / np.sqrt(direction @ direction)
    travelled = 0.0
    glow = 0.0
    hit = False
    for step in range(max_steps):
        p = origin + travelled * direction
        d = scene(p, spheres)
        glow += 0.01 / (0.05 + d)
        if d < 1e-3:
            hit = True
            break
        travelled += d
        if travelled > far:
            break
    if not hit:
        return far, glow
    return travelled, glow


def rodrigues(axis_angle):
    """The matrix of a rotation vector."""
    theta = np.sqrt(np.sum(axis_angle**2))
    if theta < 1e-8:
        return np.eye(3)
    k = axis_angle / theta
    K = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + np.sin(theta) * K + (1 - np.cos(theta)) * (K @ K)


@dataclass
class Camera:
    rotation: np.ndarray
    translation: np.ndarray
    focal: float
    distortion: np.ndarray

    def project(self, point):
        X, Y, Z = rodrigues(self.rotation) @ point + self.translation
        x, y = -X / Z, -Y / Z
        r2 = x * x + y * y
        k1, k2 = self.distortion
        scale = self.focal * (1 + k1 * r2 + k2 * r2**2)
        return np.array([scale * x, scale * y])


def reprojection_errors(cameras, points, observations):
    """Residuals of a bundle adjustment, robust to outliers; observations are (camera, point, pixel)."""
    residuals = []
    for camera_index, point_index, pixel in observations:
        predicted = cameras[camera_index].project(points[point_index])
        error = predicted - pixel
        squared = error @ error
        if squared > 1.0:
            error = error * np.sqrt(2 * np.sqrt(squared) - 1) / np.sqrt(squared)
        residuals.extend(error)
    return np.array(residuals)


def link_transform(theta, d, a, alpha):
    """The transform of a joint after Denavit and Hartenberg."""
    ct, st = np.cos(theta), np.sin(theta)
    ca, sa = np.cos(alpha), np.sin(alpha)
    return np.array(
        [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0, sa, ca, d],
            [0, 0, 0, 1],
        ]
    )


class Arm:
    def __init__(self, links, limit=2.5):
        self.links = links
        self.limit = limit

    @property
    def n_joints(self):
        return len(self.links)

    def forward(self, angles):
        frame = np.eye(4)
        origins = []
        for theta, (d, a, alpha) in zip(angles, self.links):
            frame = frame @ link_transform(theta, d, a, alpha)
            origins.append(frame[:3, 3])
        return frame, origins

    def penalty(self, angles):
        total = 0.0
        for angle in angles:
            excess = abs(angle) - self.limit
            if excess > 0:
                total += excess**2
        return total / self.n_joints


def reach_cost(angles, links, target):
    """How far the arm's hand is from a target, how steep it is held, and a penalty on angles out of bounds."""
    arm = Arm(links)
    frame, origins = arm.forward(angles)
    *_, hand = origins
    miss = hand - target
    height = min(origin[2] for origin in origins)
    return np.sqrt(miss @ miss) + 0.1 * (1 - frame[2, 2]) + arm.penalty(angles) - 0.05 * height


def nearest(p, cloud):
    best, best_distance = None, float("inf")
    for q in cloud:
        distance = np.sum((p - q) ** 2)
        if distance < best_distance:
            best, best_distance = q, distance
    return best


def align(source, target, iterations=2):
    """Rotation and shift of a cloud of points in the plane onto another one, by closest points; the error that remains."""
    points = source.copy()
    angle = 0.0
    for _ in range(iterations):
        matches = np.array([nearest(p, target) for p in points])
        centre = points.mean(axis=0)
        centre_matches = matches.mean(axis=0)
        a, b = points - centre, matches - centre_matches
        # the best rotation in the plane is known in closed form
        sine = np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        cosine = np.sum(a * b)
        turn = np.arctan2(sine, cosine)
        R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = a @ R.T + centre_matches
        angle += turn
    error = np.mean(np.sum((points - matches) ** 2, axis=1))
    return angle, points, error


def bezier(points, t):
    """A point of a Bezier curve, after de Casteljau."""
    if len(points) == 1:
        return points[0]
    shorter = []
    for a, b in zip(points[:-1], points[1:]):
        shorter.append((1 - t) * a + t * b)
    return bezier(shorter, t)


def curve_length(points, samples=6):
    """The length of a Bezier curve, by chords."""
    length = 0.0
    previous = None
    for s in range(samples + 1):
        p = bezier([q for q in points], s / samples)
        if previous is not None:
            length += np.sqrt(np.sum((p - previous) ** 2))
        previous = p
    return length


def natural_spline(x, y):
    """Second derivatives at the knots of the natural cubic spline."""
    n = len(x)
    h = np.diff(x)
    slopes = np.diff(y) / h
    lower, diagonal, rhs = [], [], []
    for i in range(1, n - 1):
        lower.append(h[i])
        diagonal.append(2 * (h[i - 1] + h[i]))
        rhs.append(6 * (slopes[i] - slopes[i - 1]))
    for i in range(1, len(rhs)):
        w = lower[i - 1] / diagonal[i - 1]
        diagonal[i] -= w * lower[i - 1]
        rhs[i] -= w * rhs[i - 1]
    m = [0.0] * n
    for i in range(n - 2, 0, -1):
        m[i] = (rhs[i - 1] - (lower[i - 1] * m[i + 1] if i < n - 2 else 0.0)) / diagonal[i - 1]
    return m


def spline(x, y, queries):
    """Values of the natural cubic spline through some points."""
    m = natural_spline(x, y)
    values = np.zeros(len(queries))
    for q, t in enumerate(queries):
        i = np.searchsorted(x, t) - 1
        i = min(max(i, 0), len(x) - 2)
        h = x[i + 1] - x[i]
        a, b = (x[i + 1] - t) / h, (t - x[i]) / h
        values[q] = a * y[i] + b * y[i + 1] + ((a**3 - a) * m[i] + (b**3 - b) * m[i + 1]) * h**2 / 6
    return values
