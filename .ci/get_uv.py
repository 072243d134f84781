"""Fetch a pinned `uv` from the Python package index with the standard library alone: no pip, no venv, no root."""

import hashlib
import io
import os
import platform
import re
import stat
import sys
import urllib.parse
import urllib.request
import zipfile

VERSION = "0.13.8"
WHEELS = {  # (system, machine, libc): (wheel, sha256)
    ("Linux", "x86_64", "glibc"): (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "e18a57b8b352eb7c8feb317b9f6f533c8f0ad9673fd6cf34bbe3cf1a9f6a8984",
    ),
    ("Linux", "x86_64", "musl"): (
        "musllinux_1_1_x86_64",
        "29451c60f5e8b07403e0a175d5229efc36b0289b34143ff4aaa499a5dd52553a",
    ),
    ("Linux", "aarch64", "glibc"): (
        "manylinux_2_28_aarch64",
        "5337c30bb893b4f9ce0ceb921ba2da0d13f649da644f40ad3bef84083bef0203",
    ),
    ("Darwin", "arm64", ""): (
        "macosx_11_0_arm64",
        "62b6943c7fd64fac6854f780bea6e0359e5a5bc3241f83ee357bb38276afac49",
    ),
    ("Darwin", "x86_64", ""): (
        "macosx_10_12_x86_64",
        "b7124ca1956ec2e476a1003ea5715a15f0266afaec37f4dc9c6972ba8183e6d1",
    ),
}


def main(target: str) -> None:
    """Write the uv binary for this machine to `target`."""
    system = platform.system()
    libc = ("glibc" if platform.libc_ver()[0] == "glibc" else "musl") if system == "Linux" else ""
    try:
        tag, sha256 = WHEELS[system, platform.machine(), libc]
    except KeyError:
        sys.exit(f"no pinned uv for {system} {platform.machine()} {libc}: install uv {VERSION} and put it on PATH")
    wheel = f"uv-{VERSION}-py3-none-{tag}.whl"
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/uv/"
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = re.findall(r'href="([^"#]+)', answer.read().decode())
        link = next(link for link in links if link.rsplit("/", 1)[-1] == wheel)
        with urllib.request.urlopen(urllib.parse.urljoin(page, link), timeout=300) as answer:
            content = answer.read()
    except (OSError, StopIteration) as error:
        sys.exit(f"cannot fetch {wheel} from {page}: {error!r}; install uv {VERSION} and put it on PATH")
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit(f"{wheel} from {page} is not the pinned file (sha256 differs): nothing was installed")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        binary = archive.read(f"uv-{VERSION}.data/scripts/uv")
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    partial = f"{target}.part"
    with open(partial, "wb") as file:
        file.write(binary)
    os.chmod(partial, os.stat(partial).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    os.replace(partial, target)


if __name__ == "__main__":
    main(sys.argv[1])
