# Build: a virtual environment with the locked dependencies and Kontor's wheel.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/kontor
COPY requirements/run.txt requirements/run.txt
RUN /opt/kontor/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY migrations migrations
RUN /opt/kontor/bin/pip install --no-cache-dir --no-deps --no-build-isolation .
# What it consists of (CycloneDX), written by tools that do not stay.
COPY requirements/supply.txt requirements/supply.txt
RUN python -m venv /opt/supply \
    && /opt/supply/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements/supply.txt \
    && /opt/supply/bin/cyclonedx-py environment --output-reproducible --of JSON --pyproject pyproject.toml \
        -o /opt/kontor/kontor.cdx.json /opt/kontor/bin/python

# Run: nothing but the environment, as a user without rights. State lives in the database.
FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /data kontor
COPY --from=build /opt/kontor /opt/kontor
ENV PATH=/opt/kontor/bin:$PATH PYTHONUNBUFFERED=1
USER kontor
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["kontor", "serve", "--host", "0.0.0.0", "--port", "8000"]
