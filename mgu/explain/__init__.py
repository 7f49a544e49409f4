"""Explains the gates of a trained unit: statistics over held-out data, words, figures and a table.

`explain_model` watches the gates during one evaluation and returns an `Explanation`, which `write_explanation` writes
as explain.json.
"""
