"""Step: simulate paths in blocks on several threads, trace some of them, and forecast time and memory."""
