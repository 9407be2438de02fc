# The same steps as on any machine: Python, make, `make install`. LightGBM needs OpenMP besides, the PDF of a report Pango.
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 make \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 10001 wardcast \
    && mkdir /app /workspace \
    && chown wardcast:wardcast /app /workspace
USER wardcast
WORKDIR /app

# Plots without a screen, MLflow without telemetry, and the workspace where compose.yaml mounts it.
ENV PYTHONUNBUFFERED=1 \
    MPLBACKEND=Agg \
    MLFLOW_DISABLE_TELEMETRY=true \
    WARDCAST_WORKSPACE=/workspace \
    PATH="/app/.venv/bin:$PATH"

COPY --chown=wardcast:wardcast . .
RUN make install

VOLUME /workspace
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]

ENTRYPOINT ["wardcast"]
CMD ["serve"]
