"""The peers of a training benchmark, each trained as its documentation has it."""

import functools

import keras
import keras_hub
import numpy as np
import tensorflow as tf
import torch

from benchmarks.torch_finetuning import torch_inputs

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# So small that the weights, and with them the losses, stay comparable through all rounds.
RATE = 1e-9


class TorchTrainer:
    """A model of transformers, and one step of training it."""

    def __init__(self, model_class, folder, dtype):
        self.model = model_class.from_pretrained(folder).train()
        for module in self.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0  # that before the sentence-order head, which no other has
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=RATE, weight_decay=0.01)
        self.autocast = functools.partial(
            torch.autocast, "cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"
        )

    def step(self, batch):
        """Trains on one batch as `Trainer` does; returns the loss."""
        with self.autocast():
            loss = self.model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def classification(self, batch):
        """Returns a batch of labelled rows, padded to the longest."""
        labels = torch.tensor(batch["labels"].numpy(), dtype=torch.long)
        return torch_inputs(batch) | {"labels": labels}

    def pretraining(self, batch):
        """Returns a batch of masked pairs, padded to the longest; -100 is no label."""
        inputs = torch_inputs(batch)
        labels = np.full(inputs["input_ids"].shape, -100)
        rows, slots = np.nonzero(batch["masked_lm_weights"].numpy())
        positions = batch["masked_lm_positions"].numpy()[rows, slots]
        labels[rows, positions] = batch["masked_lm_ids"].numpy()[rows, slots]
        order = torch.tensor(batch["sentence_order_labels"].numpy(), dtype=torch.long)
        return inputs | {"labels": torch.tensor(labels), "sentence_order_label": order}


class KerasHubTrainer:
    """`AlbertMaskedLM` of keras-hub on given batches."""

    def __init__(self, folder, dtype, batches):
        self.model = keras_hub.models.AlbertMaskedLM.from_preset(
            str(folder), preprocessor=None, dtype=POLICIES[dtype]
        )
        self.model.compile(optimizer=keras.optimizers.AdamW(RATE, weight_decay=0.01))
        self.rows = [
            (
                {
                    "token_ids": batch["input_word_ids"],
                    "padding_mask": batch["input_mask"],
                    "segment_ids": batch["input_type_ids"],
                    "mask_positions": batch["masked_lm_positions"],
                },
                batch["masked_lm_ids"],
                batch["masked_lm_weights"],
            )
            for batch in batches
        ]
        parts = tf.nest.map_structure(lambda *parts: tf.stack(parts), *self.rows)
        self.dataset = tf.data.Dataset.from_tensor_slices(parts)

    def first_loss(self):
        """Returns the loss of the first batch."""
        return self.model.test_on_batch(*self.rows[0])[0]

    def fit(self):
        """Trains on all batches."""
        self.model.fit(self.dataset, verbose=0)
