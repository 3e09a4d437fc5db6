# The plugin as an image: two settled layers (bytecode of Python and of botocore), then our own few kilobytes.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 APP=/opt/drone-deploy-ecs
WORKDIR /src

COPY requirements/runtime.txt requirements/build.txt requirements/
RUN python -m venv /opt/build && python -m venv --without-pip $APP \
    && /opt/build/bin/pip install --require-hashes -r requirements/build.txt \
    && /opt/build/bin/pip --python $APP/bin/python install --no-compile --require-hashes -r requirements/runtime.txt

COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY src src
# A read-only root can't cache bytecode, and a copied file's time can't vouch for it: compiled here, and never checked.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/build/bin/pip --python $APP/bin/python install --no-compile --no-deps --no-index dist/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash $APP/lib

FROM ${BASE_IMAGE}
# The official Python images come without the standard library's bytecode: compiling it would cost every start.
RUN python -m compileall -q --invalidation-mode unchecked-hash -x '/(test|tests|idlelib|ensurepip|site-packages)/' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/drone-deploy-ecs /opt/drone-deploy-ecs

ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="drone-deploy-ecs" \
      org.opencontainers.image.description="Deploys to Amazon ECS from CI and says truthfully whether the new version serves, and if not, why not" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ENV HOME=/tmp PATH=/opt/drone-deploy-ecs/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
ENTRYPOINT ["drone-deploy-ecs"]
