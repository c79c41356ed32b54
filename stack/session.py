"""`python -IS stack/session.py COMMAND...`: runs it under the same process id, in a session of its own.

Linux may share out the processors by sessions first (autogroups). In one session for all, a busy worker would use up
the share of the APIs, however nice it is.
"""

from __future__ import annotations

import os
import sys

# supervisord has made it the leader of a process group, and leaders cannot begin sessions.
os.setpgid(0, os.getpgid(os.getppid()))
os.setsid()
os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the stack's own program
