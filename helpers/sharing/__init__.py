"""Lesson 09: a model published so that a stranger can repeat it."""
