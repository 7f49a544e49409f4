"""Runs joined into rows and rows into ranked tables: means over seeds, validity of measurements, columns."""
