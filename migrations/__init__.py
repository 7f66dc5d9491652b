"""How the tables came to be: Tortoise's migrations, then by hand what its models cannot say. Forward only."""
