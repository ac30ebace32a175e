"""Lesson 04: networks that others trained, and transfer to a task of one's own."""
