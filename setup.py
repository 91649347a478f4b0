"""Packaging of tf_albert: what is installed, and what each extra adds."""

from pathlib import Path

from setuptools import find_packages, setup

LITERT = "ai-edge-litert>=2.3,<3"

setup(
    name="tf_albert",
    version="0.1.0",
    description="ALBERT in Keras: raw text in, a TF Hub module that anyone can fine-tune out.",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    # tensorflow-text has no wheels for Python 3.14.
    python_requires=">=3.11,<3.14",
    packages=[*find_packages(include=["tf_albert", "tf_albert.*"]), "tf_albert.configs"],
    package_dir={"tf_albert.configs": "configs"},
    package_data={
        "tf_albert": ["py.typed", "**/*.pyi"],
        "tf_albert.configs": ["**/*.json", "**/*.yaml"],
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "tensorflow-text>=2.21.1,<2.22",  # 2.21.0 does not load
        "tensorflow-hub>=0.16.1,<0.17",
        "setuptools<81",  # tensorflow-hub imports pkg_resources, which setuptools 81 dropped
        "keras>=3.15,<3.16",
        "keras-nlp>=0.32,<0.33",
        "tf_keras>=2.21,<2.22",
        # 0.2.2 breaks ties between segmentations differently from tensorflow-text.
        "sentencepiece>=0.2.0,<0.2.2",
        "sentencex>=1.0,<2",
        "jsonargparse[signatures]>=4.53,<5",
        "matplotlib>=3.9",
        "scikit-learn>=1.5",
        "scipy>=1.13",
        "tensorboard>=2.20",
    ],
    extras_require={
        "huggingface": ["huggingface-hub>=1", "safetensors>=0.5"],
        "kaggle": ["kagglehub>=0.3.13"],
        # Runs what `tf-albert export litert` writes; TensorFlow itself writes it.
        "litert": [LITERT],
        "parity": ["torch==2.13.0", "transformers>=5.23,<6", "safetensors>=0.5", "kagglehub"],
        "test": [
            LITERT,
            "hypothesis",
            "import-linter",
            # The layers and optimizers run without TensorFlow; older ones lack what Keras calls.
            "jax>=0.10,<0.11",
            "mypy>=1.18,<2",
            "pytest>=8",
            "pytest-timeout",
            "pytest-xdist",
            "ruff==0.17.6",
            "tensorflow-serving-api>=2.21,<2.22",
        ],
    },
    entry_points={"console_scripts": ["tf-albert = tf_albert.cli.main:main"]},
)
