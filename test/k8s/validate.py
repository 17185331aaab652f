"""Validates manifests against the schemas of Kubernetes, unknown fields refused. Reads YAML documents from standard input; usage:
validate.py VERSION... ; prints a JSON list of what is wrong, one sentence each."""

import json
import sys

import kubernetes_validate
import yaml

problems = []
documents = [one for one in yaml.safe_load_all(sys.stdin) if one is not None]
for version in sys.argv[1:]:
    for document in documents:
        name = f"{document.get('kind')} {document.get('metadata', {}).get('name')} ({version})"
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            problems.append(f"{name}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError:
            problems.append(f"{name}: there is no schema for it")
json.dump(problems, sys.stdout)
