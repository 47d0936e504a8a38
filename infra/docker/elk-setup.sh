#!/bin/sh
# Tells Elasticsearch how lines are kept, and for how long, before the first one comes.
set -eu
url=${ELASTICSEARCH_URL:-http://elasticsearch:9200}
put() { curl --silent --show-error --fail --request PUT --header 'content-type: application/json' --data-binary "@$2" "$url/$1"; }
put _ilm/policy/pinstack-logs /elk/lifecycle.json
put _index_template/pinstack-logs /elk/index-template.json
