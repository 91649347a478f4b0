"""Recipes and model configs, installed with the package as `tf_albert.configs`."""
