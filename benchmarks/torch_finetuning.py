"""Fine-tuning of a model of transformers with torch, by a recipe of this package."""

import itertools

import torch

from tf_albert.training.optimizers import EXCLUDED_NAMES, AdamW

INPUTS = {
    "input_ids": "input_word_ids",
    "attention_mask": "input_mask",
    "token_type_ids": "input_type_ids",
}
TARGETS = ("labels", "start_positions", "end_positions")


def torch_inputs(batch):
    """Returns the inputs of a batch under transformers' names, padded to its longest row.

    Args:
        batch: dict of the encoder's inputs, int tensors `(rows, length)`.
    """
    longest = int(batch["input_mask"].numpy().sum(axis=1).max())
    return {
        theirs: torch.tensor(batch[ours].numpy()[:, :longest], dtype=torch.long)
        for theirs, ours in INPUTS.items()
    }


class TorchFinetuning:
    """A model of transformers, and one step of training it by a recipe.

    Rate, clipping, decay and what is left out of it are the recipe's; what remains is that torch
    divides by the gradients' norm plus 1e-6.

    Args:
        model: one that `torch_peers.load_peer` gives.
        recipe: `FinetuneRecipe`, with AdamW.
        corrects_bias: bool. Whether Adam's moments are corrected for their start at 0. torch does
            so; Google's code and this package do not, so that their updates are 3.2 times as large
            at the first step, 6.5 times at the tenth, 3.2 at the hundredth, 1.3 at the thousandth.
    """

    def __init__(self, model, recipe, corrects_bias):
        self.model, self.recipe = model, recipe
        ours = AdamW()
        self.clip_norm = ours.clip_norm
        self.optimizer = torch.optim.AdamW(
            _groups(model, ours.decay),
            lr=recipe.learning_rate,
            betas=(ours.beta_1, ours.beta_2),
            eps=ours.epsilon,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._share_of_peak)
        if not corrects_bias:
            _leave_bias(self.optimizer)

    def _share_of_peak(self, step):
        # transformers' own `get_linear_schedule_with_warmup` begins the decay after the warm-up.
        if step < self.recipe.warmup_steps:
            return step / self.recipe.warmup_steps
        return 1.0 - step / self.recipe.steps

    def step(self, batch):
        """Trains on one batch of `LabelledBatches` or `SpanBatches`; returns the loss before it."""
        self.model.train()
        loss = self.model(**torch_inputs(batch), **_targets(batch)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return loss.item()


def _targets(batch):
    """Returns what a loss compares outputs with, whole numbers as torch wants them."""
    found = {name: torch.tensor(batch[name].numpy()) for name in TARGETS if name in batch}
    return {
        name: value if value.is_floating_point() else value.long() for name, value in found.items()
    }


def _groups(model, decay):
    decayed, excluded = [], []
    for name, parameter in model.named_parameters():
        is_excluded = any(part in name for part in EXCLUDED_NAMES)
        (excluded if is_excluded else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": decay},
        {"params": excluded, "weight_decay": 0.0},
    ]


def _leave_bias(optimizer):
    """Has torch's AdamW leave the moments as they are, by what it is given before each step.

    It computes `rate / first * m / (sqrt(v / second) + epsilon)` with `first` and `second` as
    below, and decays by the rate times the decay.
    """
    given = [(group, group["eps"], group["weight_decay"]) for group in optimizer.param_groups]
    steps = itertools.count(1)

    def before_step(*_):
        step = next(steps)
        for group, epsilon, decay in given:
            first, second = (1.0 - beta**step for beta in group["betas"])
            group["lr"] *= first / second**0.5  # the schedule sets it anew after each step
            group["eps"] = epsilon / second**0.5
            group["weight_decay"] = decay * second**0.5 / first

    optimizer.register_step_pre_hook(before_step)
