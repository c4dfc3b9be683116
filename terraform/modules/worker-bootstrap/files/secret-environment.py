"""Makes an environment file of a secret: the cloud's answer on stdin, the file and its owner as arguments.

The secret is a JSON object of environment variables. What is wrong with it is said on stdout, without any value.
"""

import base64
import json
import os
import re
import sys


def content(answer):
    """The secret itself: AWS has it as it is, Google in base64."""
    if "SecretString" in answer:
        return answer["SecretString"]
    if "payload" in answer:
        return base64.b64decode(answer["payload"]["data"]).decode()
    raise ValueError("is not text")


def variables(text):
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ValueError('is no JSON object of variables: it should be like {"REDIS_URL": "rediss://..."}')
    values = {name: value for name, value in values.items() if value is not None}
    for name, value in values.items():
        if not re.fullmatch("[A-Z][A-Z0-9_]*", name):
            raise ValueError(f"has a name that is no environment variable's: {json.dumps(name)}")
        if not isinstance(value, str) or re.search(r"[\r\n\0]", value):
            raise ValueError(f"has a {name} that is not one line of text")
    if not values.get("REDIS_URL"):
        raise ValueError("has no REDIS_URL")
    return values


def quoted(name, value):
    """As `node --env-file` reads it: what stands between two quotes is left as it is, but for \\n between double ones."""
    for quote in "'`":
        if quote not in value:
            return f"{name}={quote}{value}{quote}\n"
    raise ValueError(f"has a {name} with both ' and ` in it")


def main(path, owner):
    try:
        text = "".join(quoted(name, value) for name, value in variables(content(json.load(sys.stdin))).items())
    except ValueError as problem:
        print(problem)
        sys.exit(1)
    # Nobody may read it for a moment, either.
    os.umask(0o077)
    if os.path.exists(path):
        os.remove(path)
    with open(path, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o400)
        os.fchown(file.fileno(), owner, owner)
        file.write(text)


main(sys.argv[1], int(sys.argv[2]))
