"""A process of its own that pretrains: `python -m tests.training.worker recipe.json`."""

import sys

from tf_albert import files
from tf_albert.training.loop import Interrupted
from tf_albert.training.pretrain import PretrainRecipe, pretrain

if __name__ == "__main__":
    try:
        pretrain(PretrainRecipe(**files.read_json(sys.argv[1])))
    except Interrupted as stop:
        print(stop)
        sys.exit(3)
