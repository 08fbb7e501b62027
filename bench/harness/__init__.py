"""What every row of the benchmark shares: processes, loads, figures and the report."""
