#!/bin/sh
# Entry point of the container. SageMaker starts it as `docker run IMAGE serve` and calls port 8080. Other arguments are
# commands of `video-sentiment`: `docker run IMAGE info`.
set -eu
command=${1:-serve}
[ $# -eq 0 ] || shift
if [ "$command" = serve ]; then
  # exec, so that the server receives the stop signal. An explicit --port follows the default and overrides it.
  exec video-sentiment serve --host 0.0.0.0 --port 8080 "$@"
fi
exec video-sentiment "$command" "$@"
