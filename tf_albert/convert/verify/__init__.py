"""Whether two stored models compute the same.

Enters: two models in any format, each where `tf_albert.convert.sources` finds it.
Leaves: how far their outputs are apart, each side computed by the library of its format where that
is installed, and on which texts their vocabularies differ (`verification`). `inputs` are the ids
and texts that both get.
Next: `tf_albert.cli` prints it.
"""
