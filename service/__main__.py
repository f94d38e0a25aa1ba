"""`python -m service` is the command `kontor`."""

from service.cli import main

main()
