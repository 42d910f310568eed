# The image that docker-compose.yml runs as staff, public, sockets, worker, beat and migrate.

FROM node:24-slim AS styles
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY static ./static
RUN npm run build

FROM python:3.13-slim AS packages
COPY requirements.txt /
RUN python -m venv /srv/python \
    && /srv/python/bin/pip install --no-cache-dir --require-hashes --requirement /requirements.txt

# Static files under hashed names and compiled catalogues; made here, so that the image that
# serves people holds no tool that makes them.
FROM packages AS made
COPY requirements-dev.txt /
RUN /srv/python/bin/pip install --no-cache-dir --require-hashes --requirement /requirements-dev.txt
WORKDIR /srv/house
COPY manage.py ./
COPY victimcontact ./victimcontact
COPY messaging ./messaging
COPY triage ./triage
COPY appointments ./appointments
COPY portal ./portal
COPY templates ./templates
COPY --from=styles /build/static ./static
COPY --from=styles /build/node_modules ./node_modules
RUN find . -path ./node_modules -prune -o -name '*.po' -print \
    | while read -r source; do \
        /srv/python/bin/pybabel compile -i "$source" -o "${source%.po}.mo"; \
      done \
    && STATE_DIR=/tmp/build STATIC_ROOT=/srv/static \
       /srv/python/bin/python manage.py collectstatic --noinput \
    && rm -rf /tmp/build node_modules static

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home house \
    && install -d -o house -g house -m 700 /srv/evidence
COPY --from=packages /srv/python /srv/python
COPY --from=made /srv/house /srv/house
COPY --from=made /srv/static /srv/static
ENV PATH=/srv/python/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /srv/house
USER house
