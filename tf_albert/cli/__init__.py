"""The command line: one short file a command, each with its `Arguments` and its `execute`.

Enters: what a user types, and YAML recipes. Leaves: folders, tables, one sentence on an error.
This is the last folder: nothing imports it.
"""
