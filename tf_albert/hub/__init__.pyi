# What editors and type checkers see of the names that are imported on their first use.
from tf_albert.hub.answerer import save_answerer as save_answerer
from tf_albert.hub.chooser import save_chooser as save_chooser
from tf_albert.hub.classifier import save_classifier as save_classifier
from tf_albert.hub.early_exit import classify_early as classify_early
from tf_albert.hub.early_exit import save_early_exit_classifier as save_early_exit_classifier
from tf_albert.hub.encoder import save_encoder as save_encoder
from tf_albert.hub.layer import HubLayer as HubLayer
from tf_albert.hub.litert import save_litert as save_litert
from tf_albert.hub.litert import save_run_litert as save_run_litert
from tf_albert.hub.preprocessor import save_preprocessor as save_preprocessor
from tf_albert.hub.run import save_run as save_run
from tf_albert.hub.tagger import save_tagger as save_tagger
