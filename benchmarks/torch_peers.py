"""Models of transformers for tasks of this package, asked and scored as its own are."""

import functools

import torch
import transformers

from benchmarks.torch_finetuning import torch_inputs
from tf_albert.tasks.question_answering.predictor import QuestionAnsweringPredictor
from tf_albert.tasks.question_answering.task import QuestionAnsweringTask
from tf_albert.tasks.text_classification.predictor import (
    TextClassificationPredictor,
    text_batches,
)


def load_peer(folder, task):
    """Returns a model for a task from a folder of Hugging Face's layout that has its head.

    Args:
        folder: path.
        task: `TextClassificationTask` of classes or numbers, or `QuestionAnsweringTask` of
            SQuAD 1.1.
    """
    if isinstance(task, QuestionAnsweringTask):
        return transformers.AlbertForQuestionAnswering.from_pretrained(folder)
    return transformers.AlbertForSequenceClassification.from_pretrained(folder)


def scorer_of(model, task, tokenizer):
    """Returns a function of nothing to a model's metrics on a task's first development set.

    Args:
        model: what `load_peer` gave.
        task: as there.
        tokenizer: `AlbertTokenizer`.
    """
    if isinstance(task, QuestionAnsweringTask):
        return functools.partial(TorchAnswerer(model, tokenizer, task.description).score, task.dev)
    name, examples = next(iter(task.dev.items()))
    predictor = TorchPredictor(model, tokenizer, task.description)
    return functools.partial(predictor.score, examples, where=name)


class TorchPredictor(TextClassificationPredictor):
    """A classifier of transformers in the place of this package's."""

    def outputs(self, texts, batch_size=32):
        """Returns probabilities `(examples, classes)`, or numbers `(examples,)`."""
        inputs = text_batches(self.preprocessor, texts, batch_size)
        logits = [_outputs(self.model, batch).logits for batch in inputs]
        return self.description.kind.outputs(torch.cat(logits).numpy())


class TorchAnswerer(QuestionAnsweringPredictor):
    """A span labeler of transformers in the place of this package's."""

    def __init__(self, model, tokenizer, description):
        super().__init__(model, tokenizer, description)
        self._outputs_of = self._logits

    def _logits(self, inputs):
        outputs = _outputs(self.model, inputs)
        return {"start_logits": outputs.start_logits, "end_logits": outputs.end_logits}


def _outputs(model, batch):
    model.eval()
    with torch.no_grad():
        return model(**torch_inputs(batch))
