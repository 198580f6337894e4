"""A scenario to the chain of floors that it asks, to results: values, ranges and the facts that they rest on."""
