"""`python -m bench`: the whole comparison in one run; `--write` also keeps it in bench/RESULTS.md."""

import sys

from bench.run import main

main(sys.argv[1:])
