"""How long and how fast to train, what of a model, and what to keep."""

import dataclasses
import math
from typing import Any, ClassVar

from tf_albert.config import check_counts
from tf_albert.modeling.trained_parts import PARTS
from tf_albert.training.optimizers import check_optimizer
from tf_albert.training.schedule import WarmupLinearDecay


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How long and how fast to train, and what to keep; a part of every recipe.

    Args:
        steps: Updates of the weights, in all.
        optimizer: `lamb`, `adamw` or `sgd`.
        learning_rate: Peak of the learning rate.
        warmup_steps: Steps over which the rate rises.
        weight_decay: Share of a weight that a step of rate 1 takes off (`lamb`, `adamw`); none
            given is Google's 0.01.
        clip_norm: Largest norm of all gradients together; 0 for no clipping.
        layer_decay: Factor from one depth's learning rate to that of the depth below. Heads and
            pooler have the whole rate, then come the blocks from the last to the first, then the
            embedding. A block that several layers share is one depth, so an ALBERT that shares all
            has three.
        freeze: What keeps its weights: `embedding`, or `encoder`, which is all but the heads.
        lora_rank: Of the encoder only a product of two matrices of this rank is trained, beside
            each kernel of its blocks, and added to it in what is saved; 0 for all of the weights.
        accumulation: Parts that a replica's batch is divided into to save memory.
        strategy: `one_device`, `mirrored`, `multi_worker_mirrored` or `tpu`.
        dtype: `float32`, `mixed_bfloat16`, or `auto`: bfloat16 where the processor multiplies it.
        jit_compile: Whether XLA compiles the forward and backward pass.
        remat: Whether the backward pass computes activations anew: less memory, more time.
        loop_layers: Whether the graph holds the shared block once: deep models start sooner.
        seed: What weights, order, masks and dropout are drawn from.
        deterministic: Whether the same command gives the same weights bit for bit; slower.
        log_every: Steps between two progress lines.
        checkpoint_every: Steps between two checkpoints.
        keep_checkpoints: How many checkpoints stay.

    Raises:
        ValueError: a number out of its range, an unknown optimizer or part, a warm-up that does not
            end before training, or settings that leave each other nothing to do.
    """

    steps: int
    optimizer: str = "lamb"
    learning_rate: float = 1e-3
    warmup_steps: int = 0
    weight_decay: float | None = None
    clip_norm: float = 1.0
    layer_decay: float = 1.0
    freeze: list[str] | str = dataclasses.field(default_factory=list)
    lora_rank: int = 0
    accumulation: int = 1
    strategy: str = "one_device"
    dtype: str = "float32"
    jit_compile: bool = False
    remat: bool = False
    loop_layers: bool = False
    seed: int = 0
    deterministic: bool = False
    log_every: int = 50
    checkpoint_every: int = 500
    keep_checkpoints: int = 2

    # What a run may change when it goes on: the weights do not depend on them.
    free_fields: ClassVar[tuple[str, ...]] = (
        "strategy",
        "jit_compile",
        "remat",
        "loop_layers",
        "log_every",
        "checkpoint_every",
        "keep_checkpoints",
    )
    # Of what there must be one at least.
    counts: ClassVar[tuple[str, ...]] = (
        "steps",
        "accumulation",
        "log_every",
        "checkpoint_every",
        "keep_checkpoints",
    )

    def __post_init__(self) -> None:
        # A text with commas, as the command line has it, is the same recipe.
        object.__setattr__(self, "freeze", _names(self.freeze))
        check_counts(self, self.counts)
        self._check_ranges()
        self._check_parts()
        # Here already, before anything is written: what training itself would raise.
        check_optimizer(self.optimizer, self.weight_decay)
        WarmupLinearDecay(self.learning_rate, self.warmup_steps, self.steps)

    def _check_ranges(self) -> None:
        for name in ("learning_rate", "weight_decay", "clip_norm"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise ValueError(f"`{name}` must be at least 0 and finite. Received: {value}.")
        if not 0 < self.layer_decay <= 1:
            raise ValueError(
                f"`layer_decay` must be above 0 and at most 1. Received: {self.layer_decay}."
            )
        if self.lora_rank < 0:
            raise ValueError(f"`lora_rank` must be at least 0. Received: {self.lora_rank}.")

    def _check_parts(self) -> None:
        unknown = [name for name in self.freeze if name not in PARTS]
        if unknown:
            raise ValueError(
                f"`freeze` takes {' and '.join(PARTS)}. Received: {', '.join(map(repr, unknown))}."
            )
        others = {"lora_rank": self.lora_rank > 0, "layer_decay": self.layer_decay < 1}
        idle = [name for name, is_set in others.items() if is_set]
        if "encoder" in self.freeze and idle:
            raise ValueError(
                f"`freeze`=encoder leaves {' and '.join(idle)} nothing to train. Take one of them."
            )


def _names(value: Any) -> list[str]:
    """Returns the names in a text with commas, or in a list."""
    names = value.split(",") if isinstance(value, str) else value
    return [str(name).strip() for name in names if str(name).strip()]
