"""What services announce to each other through Kafka."""
