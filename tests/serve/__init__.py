"""Tests of mgu/serve/."""
