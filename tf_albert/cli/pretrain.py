"""`tf-albert pretrain`: shards to a pretrained model."""

import sys

from tf_albert.cli.main import INTERRUPTED
from tf_albert.training.loop import Interrupted
from tf_albert.training.pretrain import PretrainRecipe as Arguments
from tf_albert.training.pretrain import pretrain
from tf_albert.types import JsonDict


def execute(arguments: Arguments) -> int:
    """Pretrains, and prints the losses before and after beside what guessing scores."""
    try:
        results = pretrain(arguments)
    except Interrupted as stopped:
        print(stopped, file=sys.stderr)
        return INTERRUPTED
    print(f"The model is in {arguments.output}.")
    if "after" in results:
        print(table(results))
    return 0


def table(results: JsonDict) -> str:
    """Returns the scores before and after as lines of text.

    Args:
        results: dict of `before` and `after`, each a dict of the losses and accuracies by name.
    """
    before, after = results["before"], results["after"]

    def line(label: str, name: str) -> str:
        return f"{label:26}{before[name]:10.3f}{after[name]:10.3f}"

    def guess(name: str) -> str:
        return f"{'  guessing by frequency':26}{'':10}{after[name]:10.3f}"

    return "\n".join(
        [
            f"{'held out':26}{'before':>10}{'after':>10}",
            line("MLM loss", "mlm_loss"),
            guess("unigram_loss"),
            line("MLM loss behind [MASK]", "hidden_loss"),
            guess("hidden_unigram_loss"),
            line("MLM accuracy", "mlm_accuracy"),
            line("SOP loss", "sop_loss"),
            line("SOP accuracy", "sop_accuracy")
            + f"  (95 %: {after['sop_low']:.3f} to {after['sop_high']:.3f}, "
            f"{after['num_pairs']:,} pairs)",
        ]
    )
