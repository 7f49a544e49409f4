"""From a trained unit to a plain network: prune, fine-tune, choose, convert, export, measure."""
