"""Practice with synthetic callers. Nothing here reaches a real person, report or task.

Two things see to it: no module of this package may know what sends or records (a contract in
pyproject.toml), and every page of it runs behind ``shield``, which refuses any other writing.
"""
