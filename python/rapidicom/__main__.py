"""`python -m rapidicom` is the command `rapidicom`."""

from rapidicom.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
