"""Models of transformers for tasks of this package, asked and scored as its own are."""

import functools

import torch
import transformers

from benchmarks.torch_finetuning import torch_inputs
from tf_albert.tasks.answering import QuestionAnswerer
from tf_albert.tasks.batches import text_batches
from tf_albert.tasks.predictions import Predictor
from tf_albert.tasks.span_task import SpanTask

# Of `AlbertClassifier`, whatever the encoder's; `AlbertSpanLabeler` has none.
HEAD_DROPOUT = 0.1


def load_peer(folder, task, encoder_dropout):
    """Returns a pretrained encoder with a fresh head for a task, drawn as transformers draws it.

    Args:
        folder: path. A Hugging Face folder of a pretrained model.
        task: `TextTask` of classes or numbers, or `SpanTask` of SQuAD 1.1.
        encoder_dropout: float or None. Dropout in the encoder; None keeps the model's own.

    Raises:
        ValueError: weights of the encoder are missing, or the head is not.
    """
    if isinstance(task, SpanTask):
        kind, head, options = transformers.AlbertForQuestionAnswering, "qa_outputs", {}
    else:
        kind, head = transformers.AlbertForSequenceClassification, "classifier"
        num_labels = len(task.description.labels or [None])
        options = {"num_labels": num_labels, "classifier_dropout_prob": HEAD_DROPOUT}
    if encoder_dropout is not None:
        names = ("hidden_dropout_prob", "attention_probs_dropout_prob")
        options |= dict.fromkeys(names, encoder_dropout)
    model, found = kind.from_pretrained(folder, output_loading_info=True, **options)
    expected = {f"{head}.weight", f"{head}.bias"}
    if set(found["missing_keys"]) != expected:
        raise ValueError(
            f"{folder} lacks {sorted(found['missing_keys'])}. Expected that it lacks the head "
            f"alone, {sorted(expected)}: give a pretrained model whose pooler was trained."
        )
    return model


def scorer_of(model, task, tokenizer):
    """Returns a function of nothing to a model's metrics on a task's first development set.

    Args:
        model: what `load_peer` gave.
        task: as there.
        tokenizer: `AlbertTokenizer`.
    """
    if isinstance(task, SpanTask):
        return functools.partial(TorchAnswerer(model, tokenizer, task.description).score, task.dev)
    name, examples = next(iter(task.dev.items()))
    predictor = TorchPredictor(model, task.preprocessor, task.description)
    return functools.partial(predictor.score, examples, where=name)


class TorchPredictor(Predictor):
    """A classifier of transformers. Args: as for `Predictor`, with its model."""

    def outputs(self, texts, batch_size=32):
        """Returns probabilities `(examples, classes)`, or numbers `(examples,)`."""
        inputs = text_batches(self.preprocessor, texts, batch_size)
        logits = [_outputs(self.model, batch).logits for batch in inputs]
        return self.description.kind.outputs(torch.cat(logits).numpy())


class TorchAnswerer(QuestionAnswerer):
    """A span labeler of transformers. Args: as for `QuestionAnswerer`, with its model."""

    def __init__(self, model, tokenizer, description):
        super().__init__(model, tokenizer, description)
        self._outputs = self._logits

    def _logits(self, inputs):
        outputs = _outputs(self.model, inputs)
        return {"start_logits": outputs.start_logits, "end_logits": outputs.end_logits}


def _outputs(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**torch_inputs(batch))
