"""From configuration to objects: the device, the model, the optimizer, and a trained model from its folder."""
