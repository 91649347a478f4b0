"""`python -m tf_albert.cli`, the script `tf-albert` where no script is installed."""

import sys

from tf_albert.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
