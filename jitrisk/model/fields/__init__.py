"""Step 4, from the value of one key to a quantity, a choice or a distribution."""
