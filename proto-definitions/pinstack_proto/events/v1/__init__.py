"""What services announce to each other through Kafka. Version 1."""
