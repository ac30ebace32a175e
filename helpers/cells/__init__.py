"""Lesson 03: drawn blood cells, and filters."""
