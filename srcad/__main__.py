"""`python -m srcad`."""

from srcad.cli import main

main()
