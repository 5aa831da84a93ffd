"""Lints and renders a Helm chart by Helm's own library: render-chart.py CHART NAMESPACE RELEASE, values as JSON on standard input.

Prints JSON: `helm` (version), `messages` of the linter, and either `manifests` (text by template) or `error`, what Helm refused.
"""

import json
import sys

import helm_python as helm

folder, namespace, release = sys.argv[1:]
values = json.load(sys.stdin)
answer = {'helm': helm.helm_sdk_version(), 'messages': helm.lint(folder, values, strict=True, namespace=namespace)['messages']}
try:
    with helm.Chart.load(folder) as chart:
        chart.validate_schema(chart.merge_values(values))
        answer['manifests'] = chart.render(values, name=release, namespace=namespace, is_install=True)
except helm.HelmError as error:
    answer['error'] = str(error)
json.dump(answer, sys.stdout)
