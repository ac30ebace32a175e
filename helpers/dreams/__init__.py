"""Lesson 07: what layers see, and dreams."""
