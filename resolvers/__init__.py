"""What happens: commands and queries, one transaction each; the rules of commerce."""
