"""The models by the names of their classes, as files name them."""

from tf_albert.modeling.answerable_span_labeler import AlbertAnswerableSpanLabeler
from tf_albert.modeling.classifier import AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder
from tf_albert.modeling.model import AlbertModel
from tf_albert.modeling.multiple_choice import AlbertMultipleChoice
from tf_albert.modeling.pretrainer import AlbertPretrainer
from tf_albert.modeling.span_labeler import AlbertSpanLabeler
from tf_albert.modeling.token_classifier import AlbertTokenClassifier

MODEL_CLASSES: dict[str, type[AlbertModel]] = {
    each.__name__: each
    for each in (
        AlbertEncoder,
        AlbertPretrainer,
        AlbertClassifier,
        AlbertSpanLabeler,
        AlbertAnswerableSpanLabeler,
        AlbertMultipleChoice,
        AlbertTokenClassifier,
    )
}


def model_class(name: str) -> type[AlbertModel]:
    """Returns the model class of a name.

    Args:
        name: str. Such as `"AlbertEncoder"`.

    Raises:
        ValueError: an unknown name.

    Example:

    >>> model_class("AlbertEncoder").__name__
    'AlbertEncoder'
    """
    if name not in MODEL_CLASSES:
        raise ValueError(
            f"Unknown model class {name!r}. Known classes: {', '.join(MODEL_CLASSES)}."
        )
    return MODEL_CLASSES[name]
