"""How a GraphQL document becomes one SQL statement; knows nothing of what is stored or sold."""
