"""Tables of which one word tells the label, and recipes for them."""

import numpy as np

from tests.tasks.pretrained import save_pretrained
from tf_albert.tasks.finetune import FinetuneRecipe

WORDS = {"good": ["fine", "nice", "true"], "bad": ["error", "fail", "never"], "none": ["number"]}


def write_table(path, count, seed):
    """Writes texts of which one word tells the label and the score, and pairs."""
    random = np.random.default_rng(seed)
    rows = ["text\tmore\tlabel\tscore"]
    for _ in range(count):
        label = str(random.choice(list(WORDS)))
        words = ["the", "object", "is", str(random.choice(WORDS[label]))]
        score = {"good": 1.5, "bad": -1.0, "none": 0.25}[label]
        rows.append(f"{' '.join(random.permutation(words))}\tof it\t{label}\t{score}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def write_folder(folder, tokenizer):
    """Writes a pretrained model and two tables into a folder; returns it."""
    save_pretrained(folder / "pretrained", tokenizer)
    write_table(folder / "train.tsv", 120, seed=0)
    write_table(folder / "dev.tsv", 50, seed=1)
    return folder


def recipe_of(folder, output, **changes):
    values = {
        "train": str(folder / "train.tsv"),
        "dev": str(folder / "dev.tsv"),
        "init": str(folder / "pretrained"),
        "output": str(output),
        "text_column": "text",
        "label_column": "label",
        "batch_size": 12,
        "sequence_length": 24,
        "steps": 6,
        "learning_rate": 0.002,
        "warmup_steps": 2,
        "checkpoint_every": 4,
        "log_every": 3,
    }
    return FinetuneRecipe(**(values | changes))
