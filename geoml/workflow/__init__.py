"""One YAML file -> stages that join the other packages, each skipped when unchanged."""
