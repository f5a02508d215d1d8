#!/bin/sh
# What the container runs. SageMaker starts it as `docker run IMAGE serve`, and calls port 8080.
# Anything else is a command of the engine: `docker run IMAGE info`.
set -eu
command=${1:-serve}
[ $# -eq 0 ] || shift
if [ "$command" = serve ]; then
  # exec: the server itself must get the signal to stop. A --port given by hand comes later and counts.
  exec video-sentiment serve --host 0.0.0.0 --port 8080 "$@"
fi
exec video-sentiment "$command" "$@"
