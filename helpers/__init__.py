"""What the lessons need and should not have to show. Start with `python -m helpers`."""

import os

# TensorFlow reads this once, when it is first imported: log noise never reaches a learner.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
