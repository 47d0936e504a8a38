"""The chassis with an Apache Kafka, one for all of these tests."""
