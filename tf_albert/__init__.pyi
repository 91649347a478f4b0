# What editors and type checkers see of the names that are imported on their first use.
from tf_albert import convert as convert
from tf_albert import data as data
from tf_albert import hub as hub
from tf_albert import layers as layers
from tf_albert import modeling as modeling
from tf_albert import optimizers as optimizers
from tf_albert import tasks as tasks
from tf_albert import text as text
from tf_albert import training as training
from tf_albert.config import AlbertConfig as AlbertConfig
from tf_albert.modeling.answerable_span_labeler import (
    AlbertAnswerableSpanLabeler as AlbertAnswerableSpanLabeler,
)
from tf_albert.modeling.classifier import AlbertClassifier as AlbertClassifier
from tf_albert.modeling.encoder import AlbertEncoder as AlbertEncoder
from tf_albert.modeling.multiple_choice import AlbertMultipleChoice as AlbertMultipleChoice
from tf_albert.modeling.pretrainer import AlbertPretrainer as AlbertPretrainer
from tf_albert.modeling.span_labeler import AlbertSpanLabeler as AlbertSpanLabeler
from tf_albert.modeling.token_classifier import AlbertTokenClassifier as AlbertTokenClassifier
from tf_albert.tasks.load import load_predictor as load_predictor
from tf_albert.text.preprocessor import AlbertPreprocessor as AlbertPreprocessor
from tf_albert.text.tokenizer import AlbertTokenizer as AlbertTokenizer

__version__: str
