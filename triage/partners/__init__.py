"""Hidden demand, and the agencies that an incident is referred to until they answer."""
