"""A model card of one run: what it is, what it scored and what it cost, of its own files and in no other words."""
