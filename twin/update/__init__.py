"""One person's posterior given draws of the population: by any fit, for anybody."""
