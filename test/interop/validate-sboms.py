"""Holds SBOMs against the schemas and libraries of those who define the formats.

Takes files, whose names say what they are: NAME.1.6.cdx.json, NAME.1.7.cdx.xml, NAME.2.3.spdx.json, NAME.2.3.spdx,
NAME.3.0.spdx.json. Prints one line of JSON: for each file, how many packages it has, and what is wrong with it.
"""

import json
import re
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator
from spdx_python_model.bindings import v3_0_1 as spdx3
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


def cyclonedx(path, version, encoding):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    validator = JsonStrictValidator if encoding == "json" else XmlValidator
    problem = validator(VERSIONS[version]).validate_str(text)
    pattern = '"type":"%s"' if encoding == "json" else '<component type="%s"'
    return sum(text.count(pattern % one) for one in ("library", "machine-learning-model")), [str(problem)] if problem else []


def spdx_two(path):
    document = parse_file(path)
    problems = [message.validation_message for message in validate_full_spdx_document(document)]
    libraries = [one for one in document.packages if str(one.primary_package_purpose).endswith(("LIBRARY", "OTHER"))]
    return len(libraries), problems


def spdx_three(path):
    objects = spdx3.SHACLObjectSet()
    with open(path, "rb") as file:
        spdx3.JSONLDDeserializer().read(file, objects)
    objects.link()
    packages = list(objects.foreach_type(spdx3.software_Package))
    libraries = [one for one in packages if str(one.software_primaryPurpose).endswith(("library", "model"))]
    return len(libraries), [f"{one} is named and not there" for one in objects.missing_ids]


def check(path):
    version, form = re.search(r"\.(\d\.\d)\.((?:cdx|spdx)(?:\.(?:json|xml))?)$", path).groups()
    if form.startswith("cdx"):
        return cyclonedx(path, version, form.rsplit(".", 1)[1])
    return spdx_three(path) if version == "3.0" else spdx_two(path)


results = []
for name in sys.argv[1:]:
    try:
        count, found = check(name)
    except Exception as error:  # A parser's exception is the finding.
        count, found = -1, [f"{type(error).__name__}: {error} {getattr(error, 'messages', '')}"]
    results.append({"file": name, "packages": count, "problems": found[:5]})
print(json.dumps(results))
