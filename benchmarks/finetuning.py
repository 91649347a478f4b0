"""Whether fine-tuning here reaches what transformers reaches from the same weights.

    pip install -e '.[parity]'
    python -m benchmarks.finetuning --init runs/tiny --data ../shared/data/glue/SST-2
    python -m benchmarks.finetuning --config finetune/tiny_squad.yaml --init runs/tiny --data SQuAD

The model that this package would train, its fresh head too, is converted for transformers, and both
fine-tune it in float32: on the same batches, with the same shares of dropout, rates, clipping and
decay, scored at the same checkpoints, of which the best counts. Every option of `tf-albert
finetune` changes the recipe, such as `--task rte --steps 500`.

torch is tried twice: as it is, where AdamW corrects the bias of its moments, and with the updates
of Google's code and of this package, which are larger at the start. What differs besides: the order
of sums and what dropout draws; where the encoder has dropout, that transformers has none after the
feed-forward part; and, of questions, that transformers lets padding be an answer. A run that
collapses is not begun again, as `tf-albert finetune` would.
"""

import argparse
import dataclasses
import json
import os
import statistics
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import torch
import transformers

from benchmarks.measure import describe_machine, use_threads
from benchmarks.report import RESULTS
from benchmarks.torch_finetuning import TorchFinetuning
from benchmarks.torch_peers import load_peer, scorer_of
from tf_albert import AlbertTokenizer
from tf_albert.cli.arguments import parse
from tf_albert.convert import formats
from tf_albert.tasks.bad_rows import BadRows
from tf_albert.tasks.finetune import FinetuneRecipe
from tf_albert.tasks.load import TASKS
from tf_albert.tasks.run_task import make_encoder, run_task
from tf_albert.tasks.text_classification.task import TextClassificationTask

OURS = "tf_albert"
# Whether torch corrects the bias of Adam's moments.
PEERS = {"transformers": True, "transformers, the same updates": False}
# Of a recipe: where things lie, and a number of seeds that is not the one used here.
NOT_KEPT = ("init", "output", "data", "train", "dev", "seeds")


def main():
    """Fine-tunes with all, and adds the task to `results/finetuning.json`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--config", default="finetune/tiny_sst2.yaml", help="a recipe")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments, options = parser.parse_known_args()
    use_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        changes = [*options, "--output", folder, "--dtype", "float32"]
        recipe = parse("finetune", FinetuneRecipe, ["--config", arguments.config, *changes])
        metric, scores = compare(recipe, arguments.seeds, Path(folder))
    values = {
        "facts": describe_machine() | {"threads": arguments.threads},
        "recipe": {k: v for k, v in dataclasses.asdict(recipe).items() if k not in NOT_KEPT},
        "metric": metric,
        "scores": scores,
        "summary": summary(scores),
    }
    _write(recipe.task, values)
    _print(values)


def compare(recipe, num_seeds, folder):
    """Fine-tunes with this package and with its peers from the same weights.

    Args:
        recipe: `FinetuneRecipe`. Its seed is the first one.
        num_seeds: int.
        folder: path. Where the converted models and the runs are to lie.

    Returns:
        tuple of the metric's name and a dict of who to a dict of seed to the best score.

    Raises:
        ValueError: a recipe that is neither of one class or number for texts nor of SQuAD 1.1, or
            not from pretrained weights with AdamW.
    """
    _check(recipe)
    scores = {name: {} for name in (OURS, *PEERS)}
    for seed in range(recipe.seed, recipe.seed + num_seeds):
        one = dataclasses.replace(recipe, seed=seed, output=str(folder / f"seed_{seed}"))
        tokenizer = AlbertTokenizer.from_pretrained(one.init)
        task = TASKS[one.task](one, tokenizer, BadRows(one.strict))
        metric = task.description.metric
        start = write_start(one, task, tokenizer, folder / f"start_{seed}")
        for name, corrects_bias in PEERS.items():
            print(f"{name}, seed {seed}:")
            scores[name][str(seed)] = finetune_peer(start, one, task, tokenizer, corrects_bias)
        print(f"{OURS}, seed {seed}:")
        scores[OURS][str(seed)] = run_task(one, one, may_collapse=True)[metric]
    return metric, scores


def _check(recipe):
    names = ("task", "multi_label", "optimizer", "from_scratch")
    found = {name: getattr(recipe, name) for name in names}
    is_text = TASKS[recipe.task] is TextClassificationTask and not recipe.multi_label
    is_known = recipe.task == "squad" or is_text
    if not is_known or recipe.optimizer != "adamw" or recipe.from_scratch:
        raise ValueError(
            "What can be compared is a class or a number for texts, or SQuAD 1.1, from pretrained "
            f"weights, with `optimizer: adamw`. Received: {found}."
        )
    if recipe.patience:
        raise ValueError("The peers train to their last step. Expected `patience: 0`.")


def write_start(recipe, task, tokenizer, folder):
    """Writes the model that `run_task` would begin to train, converted; returns its folder.

    Args:
        recipe: `FinetuneRecipe`. With its seed the head is drawn as the run draws it.
        task: `TextClassificationTask` or `QuestionAnsweringTask`.
        tokenizer: `AlbertTokenizer`.
        folder: path. One that is to be made.
    """
    keras.utils.set_random_seed(recipe.seed)
    task.make_model(make_encoder(recipe)).save_pretrained(folder / "ours", tokenizer)
    formats.convert(folder / "ours", folder / "theirs", "huggingface")
    return folder / "theirs"


def finetune_peer(start, recipe, task, tokenizer, corrects_bias):
    """Fine-tunes with transformers; returns the best score on the development set.

    Args:
        start: path. What `write_start` gave.
        recipe: `FinetuneRecipe`.
        task: `TextClassificationTask` or `QuestionAnsweringTask`.
        tokenizer: `AlbertTokenizer`.
        corrects_bias: bool. As `TorchFinetuning` takes it.
    """
    metric = task.description.metric
    torch.manual_seed(recipe.seed)
    model = load_peer(start, task)
    training = TorchFinetuning(model, recipe, corrects_bias)
    score = scorer_of(model, task, tokenizer)
    scores, losses = [], []
    for step, batch in enumerate(task.batches.dataset(0, recipe.steps), 1):
        losses.append(training.step(batch))
        if step == recipe.steps or step % recipe.checkpoint_every == 0:
            scores.append(score()[metric])
            loss = statistics.fmean(losses)
            print(f"step {step}  loss {loss:.4f}  {metric} {scores[-1]:.4f}", flush=True)
            losses.clear()
    return max(scores)


def summary(scores):
    """Returns what the scores say: medians and ranges, and how ours lie to each peer's.

    Args:
        scores: dict of who to a dict of seed to a score.

    Returns:
        dict of who to a dict: `median`, `lowest`, `best`; and of a peer `ranges_overlap`, and
        `medians_within_spread`: whether each median lies in the range of the other.
    """
    of = {name: _spread(list(values.values())) for name, values in scores.items()}
    ours = of[OURS]
    for name in of.keys() - {OURS}:
        peer = of[name]
        overlap = ours["lowest"] <= peer["best"] and peer["lowest"] <= ours["best"]
        of[name] = peer | {
            "ranges_overlap": overlap,
            "medians_within_spread": _holds(ours, peer) and _holds(peer, ours),
        }
    return of


def _spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "best": max(values)}


def _holds(spread, other):
    return spread["lowest"] <= other["median"] <= spread["best"]


def _write(task, values):
    """Puts a task's values beside those of others."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "finetuning.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(stored | {task: values}, indent=2) + "\n", encoding="utf-8")


def _print(values):
    scores, of = values["scores"], values["summary"]
    print(f"| {values['metric']} | {' | '.join(scores)} |\n|---" + "|---" * len(scores) + "|")
    for seed in scores[OURS]:
        cells = " | ".join(f"{row[seed]:.4f}" for row in scores.values())
        print(f"| seed {seed} | {cells} |")
    medians = (f"**{of[name]['median']:.4f}**" for name in scores)
    print(f"| median | {' | '.join(medians)} |")
    ranges = (f"{of[name]['lowest']:.4f} to {of[name]['best']:.4f}" for name in scores)
    print(f"| lowest to best | {' | '.join(ranges)} |")
    for name in PEERS:
        overlap = "overlap" if of[name]["ranges_overlap"] else "do not overlap"
        within = "both medians lie" if of[name]["medians_within_spread"] else "not both medians lie"
        print(f"Against {name}: the ranges {overlap}; {within} within the other's.")


if __name__ == "__main__":
    main()
