"""`tf-albert pretrain`: shards to a pretrained model."""

import sys

from tf_albert.cli.main import INTERRUPTED
from tf_albert.training.loop import Interrupted
from tf_albert.training.pretrain import PretrainRecipe as Arguments  # noqa: F401 - main reads it
from tf_albert.training.pretrain import pretrain


def execute(arguments):
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


def table(results):
    """Returns the scores before and after as lines of text.

    Args:
        results: dict, as `pretrain` returns it, with `before` and `after`.
    """
    before, after = results["before"], results["after"]

    def line(label, name):
        return f"{label:26}{before[name]:10.3f}{after[name]:10.3f}"

    def guess(name):
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
