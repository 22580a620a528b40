# The hub in a container: a Docker Space as it stands, or any host:
#   docker build -t roadmap-lab . && docker run --rm -p 7860:7860 roadmap-lab
FROM python:3.11-slim-bookworm

# OpenCV, which the object detector uses, loads libGL and GLib.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

# A container without a GPU needs none of the CUDA libraries that PyPI's torch brings along: the same versions from
# PyTorch's CPU index save several gigabytes. For PyPI's own: --build-arg TORCH_INDEX=
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /home/user/app
COPY requirements.txt constraints.txt ./
RUN grep -E '^torch(vision)?==' requirements.txt > torch.txt \
    && pip install --no-cache-dir --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} -r torch.txt \
    && pip install --no-cache-dir -r requirements.txt \
    && rm torch.txt

# Spaces run everything as user 1000.
RUN useradd --create-home --uid 1000 user && chown user:user /home/user /home/user/app
USER user
ENV HOME=/home/user \
    GRADIO_ANALYTICS_ENABLED=False \
    MPLCONFIGDIR=/tmp/matplotlib \
    YOLO_AUTOINSTALL=False \
    YOLO_CONFIG_DIR=/tmp
COPY --chown=user:user . .

# Compiled kernels and byte code become part of the image, so that a woken container answers at once.
RUN python -c "import Home; Home.warm()"

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]

# Inside the frame that embeds a Space the browser sends the upload's cookie only if it is marked SameSite=None.
CMD ["streamlit", "run", "Home.py", "--server.address=0.0.0.0", "--server.port=7860", "--server.headless=true", \
     "--server.xsrfCookieSameSite=none"]
