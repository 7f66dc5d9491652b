"""What is stored: one file per noun with its states, constraints and refusals."""
