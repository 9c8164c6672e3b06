"""Step 4, from what stands at one key to its value: a quantity, a choice, a distribution."""
