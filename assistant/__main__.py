"""`python -m assistant`: the command line."""

import signal
import sys

if __name__ == "__main__":
    # What a service manager sends ends the program as Ctrl-C does: what is open is closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from assistant.cli import main
    except KeyboardInterrupt:  # nothing has begun
        sys.exit(130)
    main()
