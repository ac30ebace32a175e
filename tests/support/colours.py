"""How well colours can be told apart, by whom, and in which theme."""

import numpy as np
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

# What people with the three common kinds of colour blindness see of linear RGB: Machado, Oliveira
# and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009,
# at full severity, to four digits.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deuteranopia": [[0.3673, 0.8607, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}
# What the dark theme does with a figure: CSS's hue-rotate(180deg) after invert(0.9333).
HUE_ROTATE = [[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]]


def linear(color):
    """A colour as linear red, green and blue."""
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2's contrast ratio."""
    light = sorted(linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def in_the_dark(color):
    """A colour as JupyterLab's dark theme shows it in a figure."""
    inverted = 0.9333 + (1 - 2 * 0.9333) * np.array(to_rgb(color))
    return tuple(np.clip(np.array(HUE_ROTATE) @ inverted, 0, 1))


def difference(one, other, vision):
    """CIEDE2000: 1 can just be seen side by side; 10 is told apart at a glance."""
    seen = [np.clip(np.array(VISION[vision]) @ linear(color), 0, 1) for color in (one, other)]
    srgb = [
        np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055) for rgb in seen
    ]
    return deltaE_ciede2000(*map(rgb2lab, srgb))
