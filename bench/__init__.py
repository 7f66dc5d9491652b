"""What our answers cost beside the same answers written by hand, and beside Strawberry as it comes."""
