"""Models: blocks stacked according to a layout."""
