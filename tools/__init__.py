"""The machinery beside the lessons: what `python -m helpers` runs, and no lesson imports."""
