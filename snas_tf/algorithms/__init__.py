"""How a cell is searched: the distribution of architectures, and what moves it."""
