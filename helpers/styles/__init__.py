"""Lesson 08: pictures painted in another's style."""
