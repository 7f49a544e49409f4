"""Statistics of a ranked table: tests over seeds and examples, power, verdict, expected best at a budget."""
