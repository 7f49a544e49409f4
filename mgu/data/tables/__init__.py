"""Tables: UCI Adult, and CSV or Parquet files of the user's own."""
