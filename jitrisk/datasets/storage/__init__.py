"""Results files: written whole, verified when they are read, and read without trusting what they declare."""
