"""What a referee asks of a fit: who is surprising, what the data told, and what rests on priors."""
