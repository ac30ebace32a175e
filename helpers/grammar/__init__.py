"""Lesson 06: sentences read."""
