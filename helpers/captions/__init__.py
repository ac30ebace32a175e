"""Lesson 05: pictures described."""
