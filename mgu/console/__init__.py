"""Console output of training: plain lines for pipes and logs, a live view for terminals.

lines.py prints lines, which summary.py words, live.py draws on a terminal, outcomes.py shows what became of the runs of
a sweep, table.py prints tables that fit the terminal, text.py formats counts, durations, sizes and text of others.
Imports no torch.
"""
