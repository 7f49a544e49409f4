"""What a run costs: seconds by phase, energy and processor time, and whether other runs disturbed the measurement.

cost_meter.py is the one meter of a run; energy.py, stopwatch.py, contention.py and slot.py are its parts. Two
instruments read energy (instrument.py): codecarbon and zeus; carbon.py and countries.py know the place that CO2 is
computed for. estimate.py predicts the cost of runs from finished ones, which sample.py holds.
"""
