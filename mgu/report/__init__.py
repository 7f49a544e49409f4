"""Reports on finished runs: ranking tables with statistics, in text, LaTeX, HTML and figures.

`ranking` joins runs into ranked tables, `stats` compares units with baselines, `Analysis` holds everything that follows
from one table, and `formats` and `figures` write it. Nothing here imports torch or Hydra, and pandas, scipy and
matplotlib are imported only where they are used, so that a report starts at once.
"""
