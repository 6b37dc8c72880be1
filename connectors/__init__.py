"""From a message broker to sessions and back: each observation counts once, its forecast goes to an output topic."""
