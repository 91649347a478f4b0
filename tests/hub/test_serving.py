"""The guide to TensorFlow Serving, held against the modules that it speaks of."""

import base64
import contextlib
import io
import json
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.tools import saved_model_cli
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
from tensorflow_serving.config import model_server_config_pb2

from tests.helpers import REPOSITORY
from tests.hub.conftest import LABELS, SEQUENCE_LENGTH
from tests.processes import run_python

GUIDE = (REPOSITORY / "docs/guides/serving.md").read_text(encoding="utf-8")
ROWS = re.findall(r"\| `(\w+)` \| (in|out) \| `(\w+)` \| (\w+) \| `\((.*?)\)` \|\n", GUIDE)
MODULES = list(dict.fromkeys(module for module, *_ in ROWS))
# The guide's answers are those of a smaller model than the tests have.
GUIDE_SIZES = {name: int(size) for name, size in re.findall(r"`(\w+_\w+)` (\d+)\b", GUIDE)}
JSON_TYPES = {"U": "string", "i": "int32", "f": "float32"}
# In a process of its own: this one has the operations of TensorFlow Text too.
PRINT_FOREIGN = """import sys
from tensorflow.python.framework import op_def_registry
print(*(name for name in sys.argv[1:] if op_def_registry.get(name) is None))
"""


def block(language):
    """Returns the guide's one block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return found


def rest_calls():
    """Returns module, body and answer of each `curl` command."""
    calls = re.findall(r"```shell\n(curl .*?)```\n\n```json\n(.*?)```", GUIDE, re.DOTALL)
    assert len(calls) == GUIDE.count("curl -d")
    return [(*parsed_command(command), json.loads(answer)) for command, answer in calls]


def parsed_command(command):
    _, flag, body, address = shlex.split(command.replace("\\\n", ""))
    assert flag == "-d"
    pattern = r"http://localhost:8501/v1/models/(\w+)(?:/versions/1)?:predict"
    return re.fullmatch(pattern, address)[1], json.loads(body)


CALLS = rest_calls()


def table(module, direction):
    """Returns the rows of the guide's table: (type, dimensions) by the name of a tensor."""
    return {
        tensor: (type_name, dimensions.split(", "))
        for name, side, tensor, type_name, dimensions in ROWS
        if (name, side) == (module, direction)
    }


@pytest.fixture(scope="module")
def sizes(small_config):
    return {
        "hidden_size": small_config.hidden_size,
        "num_classes": len(LABELS),
        "sequence_length": SEQUENCE_LENGTH,
    }


@pytest.fixture(scope="module")
def serving(exported, tmp_path_factory):
    """The folder that the guide's commands make of the modules."""
    folder = tmp_path_factory.mktemp("serving")
    (folder / "modules").mkdir()
    for name, path in exported.items():
        (folder / "modules" / name).symlink_to(path)
    subprocess.run(["bash", "-euc", block("bash")], cwd=folder, check=True)
    return folder / "serving"


@pytest.fixture(scope="module")
def shown(serving):
    """What the guide's `saved_model_cli` shows: specs by tensor, by module and direction."""
    (command,) = re.findall(r"^saved_model_cli (.*)$", GUIDE, re.MULTILINE)
    specs, parser = {}, saved_model_cli.create_parser()
    for module in MODULES:
        arguments = shlex.split(command.replace("/classifier/", f"/{module}/"))
        with contextlib.chdir(serving.parent), contextlib.redirect_stdout(io.StringIO()) as output:
            parser.parse_args(arguments).func()
        specs[module] = shown_specs(output.getvalue())
    return specs


def shown_specs(output):
    specs = {"in": {}, "out": {}}
    pattern = r"(in|out)puts\['(\w+)'\] tensor_info:\s+dtype: (\w+)\s+shape: \((.*?)\)"
    for direction, name, type_name, shape in re.findall(pattern, output):
        dimensions = [None if size == "-1" else int(size) for size in shape.split(", ")]
        dtype = tf.dtypes.as_dtype(types_pb2.DataType.Value(type_name))
        specs[direction][name] = tf.TensorSpec(dimensions, dtype)
    return specs


@pytest.fixture(scope="module")
def loaded(serving):
    return {module: tf.saved_model.load(str(serving / module / "1")) for module in MODULES}


def test_every_module_is_in_the_guide(exported):
    assert set(MODULES) == set(exported)
    config = text_format.Parse(block("textproto"), model_server_config_pb2.ModelServerConfig())
    models = config.model_config_list.config
    paths = {model.name: model.base_path for model in models}
    assert paths == {module: f"/models/{module}" for module in MODULES}
    assert {model.model_platform for model in models} == {"tensorflow"}


@pytest.mark.parametrize("module", MODULES)
def test_table_is_what_saved_model_cli_shows(shown, sizes, module):
    for direction in ("in", "out"):
        rows = table(module, direction)
        assert shown[module][direction] == {
            name: tf.TensorSpec([sizes.get(dimension) for dimension in dimensions], type_name)
            for name, (type_name, dimensions) in rows.items()
        }


def test_operations_that_are_not_tensorflows_own_are_named(serving):
    used = {module: operations(serving / module / "1") for module in MODULES}
    done = run_python("-c", PRINT_FOREIGN, *set().union(*used.values()))
    assert done.returncode == 0, done.stderr
    foreign = set(done.stdout.split())
    sentence = re.search(r"operations of TensorFlow Text: (.*?)\.\s", GUIDE, re.DOTALL)[1]
    assert foreign == set(re.findall(r"`(\S+)`", sentence))
    assert [module for module in MODULES if not used[module] & foreign] == ["encoder"]


def operations(folder):
    """Returns the names of the operations in a SavedModel's graphs."""
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    functions = graph.library.function
    nodes = [*graph.node, *(node for function in functions for node in function.node_def)]
    return {node.op for node in nodes} - {function.signature.name for function in functions}


@pytest.mark.parametrize("module", MODULES)
def test_each_module_is_called_by_rows_and_by_columns(module):
    formats = {key for name, body, _ in CALLS if name == module for key in body}
    assert formats == {"instances", "inputs"}


@pytest.mark.parametrize(
    ("module", "body", "answer"),
    CALLS,
    ids=[f"{name}-{next(iter(body))}" for name, body, _ in CALLS],
)
def test_rest_call_is_answered_as_the_guide_says(loaded, shown, sizes, module, body, answer):
    inputs = tensors(body, shown[module]["in"])
    outputs = loaded[module].signatures["serving_default"](**inputs)
    asked = asked_sizes(module, inputs)
    assert described(outputs) == promised(module, sizes | asked)
    ((key, content),) = answer.items()
    assert key == ("predictions" if "instances" in body else "outputs")
    by_row = key == "predictions"
    assert has_names(content[0] if by_row else content) == (len(outputs) > 1)
    values = columns(content, by_row, outputs)
    arrays = {name: np.array(value) for name, value in values.items()}
    said = {name: (JSON_TYPES[array.dtype.kind], array.shape) for name, array in arrays.items()}
    assert said == promised(module, GUIDE_SIZES | asked)


def tensors(body, specs):
    """Returns the tensors that TensorFlow Serving makes of a body (its util/json_tensor.cc)."""
    ((key, content),) = body.items()
    values = columns(content, key == "instances", specs)
    assert set(values) == set(specs)
    found = {name: tf.constant(decoded(values[name]), specs[name].dtype) for name in specs}
    assert all(specs[name].is_compatible_with(found[name]) for name in specs)
    return found


def columns(content, by_row, names):
    """Returns values by name of what is in rows or in columns; a single name may be left out."""
    if by_row and has_names(content[0]):
        assert all(set(row) == set(names) for row in content)
        return {name: [row[name] for row in content] for name in names}
    if has_names(content):
        return content
    (name,) = names
    return {name: content}


def has_names(value):
    return isinstance(value, dict) and set(value) != {"b64"}


def decoded(value):
    if isinstance(value, list):
        return [decoded(part) for part in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def asked_sizes(module, inputs):
    """Returns the sizes that a request chooses, such as `batch`, from its tensors."""
    sizes = {
        dimension: size
        for name, (_, dimensions) in table(module, "in").items()
        for dimension, size in zip(dimensions, inputs[name].shape, strict=True)
    }
    if module == "tagger":
        sizes["words"] = max(len(text.split()) for text in inputs["text"].numpy())
    return sizes


def described(outputs):
    return {name: (value.dtype.name, tuple(value.shape)) for name, value in outputs.items()}


def promised(module, sizes):
    """Returns type and shape of the outputs that the guide's table promises."""
    return {
        name: (type_name, tuple(sizes[dimension] for dimension in dimensions))
        for name, (type_name, dimensions) in table(module, "out").items()
    }


def test_preprocessors_answers_are_the_encoders_bodies():
    answer = next(answer for module, _, answer in CALLS if module == "preprocessor")
    body = next(body for module, body, _ in CALLS if module == "encoder")
    assert answer["predictions"] == body["instances"]


def input_tensors(request):
    return {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers with the modules' signatures, as TensorFlow Serving does."""

    def __init__(self, loaded):
        self.loaded = loaded

    def Predict(self, request, context):
        """Returns the response to a `PredictRequest`."""
        signatures = self.loaded[request.model_spec.name].signatures
        outputs = signatures[request.model_spec.signature_name](**input_tensors(request))
        response = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for name, value in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response


@pytest.fixture(scope="module")
def address(loaded):
    """Where the modules answer over gRPC."""
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(loaded), server)
        port = server.add_insecure_port("localhost:0")
        server.start()
        yield f"localhost:{port}"
        server.stop(grace=None).wait()


@pytest.fixture(scope="module")
def client():
    """The names in the guide's code for gRPC that needs no server."""
    names = {}
    exec(block("python"), names)
    return names


def test_grpc_requests_fit_the_signatures(client, shown):
    assert [request.model_spec.name for request in client["requests"]] == MODULES
    for request in client["requests"]:
        specs, inputs = shown[request.model_spec.name]["in"], input_tensors(request)
        assert set(inputs) == set(specs)
        assert all(specs[name].is_compatible_with(inputs[name]) for name in specs)


def test_grpc_answers_are_those_of_the_table(client, address, sizes):
    names = dict(client)
    exec(block("python server").replace("localhost:8500", address), names)
    for request in client["requests"]:
        module = request.model_spec.name
        outputs = {name: tf.constant(array) for name, array in names["arrays"][module].items()}
        asked = asked_sizes(module, input_tensors(request))
        assert described(outputs) == promised(module, sizes | asked)
