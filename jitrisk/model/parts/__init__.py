"""Step 5, from the mapping of a stage, a customer or a hazard to an immutable value with all times in periods."""
