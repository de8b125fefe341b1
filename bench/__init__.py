"""How fast the site answers, as ratios to a bare Django view on the same server. `make bench` runs it."""
