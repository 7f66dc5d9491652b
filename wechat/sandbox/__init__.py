"""A WeChat for testers: the same paths, answers and error codes as the real one, with people made up on the spot."""
