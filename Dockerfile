# syntax=docker/dockerfile:1.10
# The app on any machine with Docker, no GPU:
#   docker build -t speech-emotion .
#   docker run --rm -p 127.0.0.1:7860:7860 speech-emotion
# With a model of the Hub inside instead of the embedded one (a private one needs the secret):
#   docker build -t speech-emotion --build-arg MODEL_ID=user/name --build-arg MODEL_REVISION=SHA \
#     --secret id=HF_TOKEN,env=HF_TOKEN .
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 app
WORKDIR /home/app

# In a layer of their own: they change less often than the code.
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY LICENSE app.py ./
COPY ser_core ./ser_core

USER app
ARG MODEL_ID=""
ARG MODEL_REVISION=""
ENV SER_MODEL_ID=$MODEL_ID \
    SER_MODEL_REVISION=$MODEL_REVISION \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2

# Fails the build, with one sentence, when the model cannot be loaded. The secret stays out of the
# image.
RUN --mount=type=secret,id=HF_TOKEN,env=HF_TOKEN python -m ser_core.ui.startup

# What is inside is what is served; -e HF_HUB_OFFLINE=0 allows another model at start.
ENV HF_HUB_OFFLINE=1

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['GRADIO_SERVER_PORT']), timeout=4); c.request('GET', '/health'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "app.py"]
