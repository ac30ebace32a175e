"""TensorFlow and Keras, loaded for the workers, which are forked from the process that did it.

Keras also loads what lets it take others' objects, 0.1 GB in all. A worker needs none of that; a
program that does loads it as usual.
"""

import gc
import sys

SPARED = "IPython", "matplotlib", "pandas", "scipy", "sklearn"

here = [name for name in SPARED if name not in sys.modules]
sys.modules |= dict.fromkeys(here)  # whoever asks for one of them hears that it is not there
import keras  # noqa: E402, F401
import tensorflow as tf  # noqa: E402, F401

for name in here:
    del sys.modules[name]
gc.freeze()  # or each worker's collector would write on all that they share
