"""Models in `.keras` files, loaded where users load them: in another process and another folder.

That process loads this file, so nothing of the package is imported at the top.
"""

import os

import keras


def outputs_elsewhere(model, inputs, stranger, folder):
    """Returns a saved model's outputs in a process that has not made it, in another folder.

    Args:
        model: a Keras model.
        inputs: what it takes: arrays, which go to the process.
        stranger: the fixture of this name.
        folder: path. An empty folder.
    """
    for name in ("written", "elsewhere"):
        (folder / name).mkdir()
    model.save(folder / "written" / "model.keras")
    (folder / "written" / "model.keras").rename(folder / "elsewhere" / "moved.keras")
    outputs = stranger.submit(_outputs_of_file, folder / "elsewhere", "moved.keras", inputs)
    return outputs.result()


def _outputs_of_file(folder, name, inputs):
    import tf_albert  # noqa: F401 - which tells Keras the classes

    os.chdir(folder)
    inputs = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
    outputs = keras.saving.load_model(name)(inputs)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)
