"""TensorBoard as `server.py` has it started: light, at a secret path, as long as its kernel."""

import os
import signal
import sys
import threading
import time

import tensorboard.compat

# TensorBoard then uses its small stand-in for TensorFlow: 85 MB and 2 s, not 600 MB and 12 s.
sys.modules["tensorboard.compat.notf"] = tensorboard.compat

from tensorboard import manager, program  # noqa: E402

KERNEL, PATH = os.environ["WORKSHOP_TENSORBOARD"].split()


def end_with_the_kernel() -> None:
    """Wait for the kernel's end, in whatever way it comes, SIGKILL included; then end."""
    while os.getppid() == int(KERNEL):
        time.sleep(0.5)
    manager.remove_info_file()
    os._exit(0)


signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupting a cell interrupts its children
os.umask(0o077)  # the manager's note tells the path: for our own eyes
threading.Thread(target=end_with_the_kernel, daemon=True).start()
board = program.TensorBoard()
board.configure(sys.argv)
board.flags.path_prefix, board.flags.host, board.flags.port = PATH, "127.0.0.1", 0
board.flags.load_fast, board.flags.reload_interval = "false", 2
sys.exit(board.main())
