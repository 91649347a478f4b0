"""TF Hub's text encoder modules of ALBERT: this package's own and TensorFlow's Model Garden's.

Enters: the folder of a SavedModel of TensorFlow 2 that is an encoder.
Leaves: a `Checkpoint` (`read`), once the module, run as it stands, gives the outputs of this
package's encoder. `module` loads and calls it, `names` says where it keeps each weight, `config`
what its files and weights show, and `other_library` lets it compute.
Next: `tf_albert.convert.formats`, whose table has `FORMAT` as a row;
`tf_albert.hub` writes modules.
"""

from tf_albert.convert.format import Format
from tf_albert.convert.hub import other_library, read

FORMAT = Format(
    name="hub",
    description="a TF Hub module (`saved_model.pb`)",
    finds=read.finds,
    read=read.read,
    read_tokenizer=read.read_tokenizer,
    why_not_written="`tf-albert export` writes modules",
    other_library=other_library.MODULE_ITSELF,
)
