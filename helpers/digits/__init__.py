"""Lessons 00 and 01: the digits, a neuron to turn by hand, a pad to draw on."""
