#!/usr/bin/env bash
# Write the exact, hashed, universal locks of every dependency group. For maintainers: `make lock`.
# torch and torchvision are omitted, since scripts/setup.py picks the CPU or CUDA build of the pinned version, and so
# are packages that only a CUDA build needs; openai-whisper uses triton only on CUDA.
set -euo pipefail
cd "$(dirname "$0")/.."
cuda_only=$(for name in torch torchvision triton cuda-bindings cuda-pathfinder cuda-toolkit \
  nvidia-cublas nvidia-cuda-cupti nvidia-cuda-nvrtc nvidia-cuda-runtime nvidia-cudnn-cu13 \
  nvidia-cufft nvidia-cufile nvidia-curand nvidia-cusolver nvidia-cusparse nvidia-cusparselt-cu13 \
  nvidia-nccl-cu13 nvidia-nvjitlink nvidia-nvshmem-cu13 nvidia-nvtx; do echo "--no-emit-package=$name"; done)

compile() { # group, further arguments
  local group=$1; shift
  # shellcheck disable=SC2086
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate $cuda_only --group "pyproject.toml:$group" --output-file "requirements/$group.txt" "$@"
}

compile dev
compile model --constraint requirements/dev.txt
compile train --constraint requirements/dev.txt
for group in cloud api cdk; do compile "$group" --constraint requirements/dev.txt; done
for group in launch local scan; do compile "$group"; done
compile cuda --no-deps

# Update the base of both images to its current digest, which needs Docker.
if command -v docker > /dev/null; then
  base=public.ecr.aws/docker/library/python:3.11-slim
  digest=$(docker buildx imagetools inspect "$base" --format '{{.Manifest.Digest}}')
  sed -i.before "s|^ARG BASE=.*|ARG BASE=$base@$digest|" model/Dockerfile training/Dockerfile
  rm model/Dockerfile.before training/Dockerfile.before
else
  echo "the images' base was not updated: Docker is not installed" >&2
fi
