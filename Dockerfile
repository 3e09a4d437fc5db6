# The first stage lays out what the image adds to its base; the last one copies it, and runs nothing.
ARG BASE_IMAGE=python:3.13-slim
# Where BASE_IMAGE can't be run (another architecture): one with the same Python that can, and then PLATFORM below.
ARG BUILD_IMAGE=${BASE_IMAGE}

FROM ${BUILD_IMAGE} AS build
# For a build without a registry: PIP_NO_INDEX=1 PIP_FIND_LINKS=requirements/wheels (docs/image.md).
ARG PIP_NO_INDEX
ARG PIP_FIND_LINKS
# No caret below a line of a traceback, and a smaller, quicker bytecode.
ENV PYTHONNODEBUGRANGES=1
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 APP=/opt/drone-deploy-ecs
WORKDIR /src

COPY requirements requirements
RUN python -m venv /opt/build && python -m venv --without-pip $APP \
    && /opt/build/bin/pip install --no-deps --require-hashes -r requirements/build.txt
# What BASE_IMAGE is to pip, where BUILD_IMAGE is of another architecture: compiled wheels must fit it, not what runs pip.
ARG PLATFORM
# pip takes a platform only with --target; so do all, that there is one way.
RUN /opt/build/bin/pip install --no-compile --no-deps --require-hashes --only-binary :all: \
    ${PLATFORM:+--platform $PLATFORM} --target $APP/lib/python*/site-packages -r requirements/runtime.txt
COPY scripts/pack_image.py scripts/
RUN python scripts/pack_image.py settled $APP /settled

COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src src
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir dist . \
    && /opt/build/bin/pip --python $APP/bin/python install --no-compile --no-deps --no-index --no-warn-script-location --root /own dist/*.whl \
    && python scripts/pack_image.py own /own

FROM ${BASE_IMAGE}
# Two layers: one that changes with a lock or a Python, and our own few hundred kilobytes.
COPY --from=build /settled/ /
COPY --from=build /own/ /

ARG BASE_IMAGE
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="drone-deploy-ecs" \
      org.opencontainers.image.description="Deploys to Amazon ECS from CI and says truthfully whether the new version serves, and if not, why not" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"

ENV HOME=/tmp PATH=/opt/drone-deploy-ecs/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["drone-deploy-ecs"]
