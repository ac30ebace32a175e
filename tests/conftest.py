"""What holds for all tests."""

import signal

# A runner started in the background of a shell ignores Ctrl-C, and so would every process that the
# tests start and interrupt. With a handler here they begin as they would in a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
