"""Recommendations: MovieLens-100K, as ratings to predict or as next items to rank."""
