"""What clients see: one file per noun, and the schema made of them."""
