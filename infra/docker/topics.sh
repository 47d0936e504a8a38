#!/bin/sh
# Makes the topics that are missing: topics.sh BROKER TOPIC ...; PARTITIONS, REPLICATION and RETENTION_DAYS for new ones.
set -eu
broker=$1
shift
for topic in "$@"; do
	days=${RETENTION_DAYS:-7}
	# A replay reaches as far back as this topic: further than notifications are kept.
	[ "$topic" != notification-events ] || days=$((${NOTIFICATION_RETENTION_DAYS:-90} + 5))
	/opt/kafka/bin/kafka-topics.sh --bootstrap-server "$broker" --create --if-not-exists --topic "$topic" \
		--partitions "${PARTITIONS:-6}" --replication-factor "${REPLICATION:-1}" \
		--config segment.ms=86400000 --config "retention.ms=$((days * 86400000))"
done
