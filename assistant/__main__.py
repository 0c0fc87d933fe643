"""`python -m assistant`: the command line."""

import sys

if __name__ == "__main__":
    try:
        from assistant.cli import main
    except KeyboardInterrupt:  # nothing has begun
        sys.exit(130)
    main()
