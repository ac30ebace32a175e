"""Lesson 10: the same training on more cores and machines."""
