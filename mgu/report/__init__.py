"""The report: result files in, ranking tables out. Imports neither torch nor Hydra, so that it is there at once."""
