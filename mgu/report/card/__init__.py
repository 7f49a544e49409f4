"""A model card of one run: what it is, what it scored and what it cost, of its own files and in no other words."""

from mgu.report.card.card import to_card

__all__ = ["to_card"]
