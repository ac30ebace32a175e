"""What the lessons need and should not have to show. Start with `python -m helpers`."""

import os

# TensorFlow's C++ part reads this once, when it is first imported: log noise never reaches a
# learner. "3" drops its errors, too: those that matter come as Python exceptions, and what
# remains is talk about the build (a graph attribute that a part doesn't know, a missing GPU).
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
