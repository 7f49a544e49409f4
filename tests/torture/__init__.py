"""Hostile input and kills: bad command lines, damaged and foreign files, random signals.

Each test has a short form, which runs with the others, and a long one (`make torture`, pytest's option `--long`).
"""
