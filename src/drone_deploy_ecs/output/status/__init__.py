"""How services stand: as text, as JSON and as a page, each made of the same values."""
