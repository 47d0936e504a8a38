#!/bin/sh
# Makes the topics that are missing: topics.sh BROKER TOPIC ...; PARTITIONS and REPLICATION for new ones.
set -eu
broker=$1
shift
for topic in "$@"; do
	/opt/kafka/bin/kafka-topics.sh --bootstrap-server "$broker" --create --if-not-exists --topic "$topic" \
		--partitions "${PARTITIONS:-6}" --replication-factor "${REPLICATION:-1}"
done
