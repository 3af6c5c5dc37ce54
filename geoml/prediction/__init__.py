"""From a checkpoint and a survey to a prediction on the line, checked by wave physics."""
