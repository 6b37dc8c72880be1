"""What a GPU does with a step, a forecast, a fit and a pretraining, beside what was asked of it."""
