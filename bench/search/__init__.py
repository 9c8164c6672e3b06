"""The search for plans beside other methods, on the same paths and as many path-periods."""
