"""WhatsApp and Messenger: what people write there, and what the desk answers."""
