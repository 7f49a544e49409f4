"""Images of cases, such as patients: folders or a CSV, split by case, decoded once into a cache."""
