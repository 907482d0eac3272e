"""How a definition is composed from recorded facts where the source states none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vocab.generator import facts, labels

if TYPE_CHECKING:
    from vocab.generator.terms import Term, Terms

# What `terms.json` says of every term of a scheme alike defines none of them.
_SAID_OF_ALL = {
    "5-class split",
    "Best-performing 3-class split",
    "COCO object class used in env.count.OBJECT",
    "Free-text licence seen; SPDX mapping by researcher",
    "Kubernetes node selector usable in a job plugin spec",
    "Node in the Array-of-Things measurement hierarchy",
    "Node resource hardware",
    "Organisation that owns the node",
    "Prefix of measurement names",
    "Project view of the publishing filter",
    "Raw spellings seen at Sage in altLabel",
    "featuredApps",
    "plugins",
    "samplers",
}
_TERSE = {"audio-set-class", "base-image", "app-meta-file", "legacy-node"}


def is_enough(scheme: str, stated: str, label: str) -> bool:
    """Tell whether the source's own words define the term rather than repeat or class it."""
    same = stated.casefold().strip(".") == label.casefold().strip(".")
    return bool(stated) and not same and stated not in _SAID_OF_ALL and scheme not in _TERSE


def sentence(words: str) -> str:
    """Return `words` with a capital at the beginning and a full stop at the end."""
    words = words.replace("Atomospheric", "Atmospheric").replace("satallites", "satellites")
    end = "" if words.endswith((".", ")")) and not words.endswith("etc)") else "."
    start = words[0] if words.split()[0].isupper() or "." in words.split()[0] else words[0].upper()
    return start + words[1:] + end


def compose(scheme: str, term: Term, terms: Terms) -> str:
    """Return a definition made only of facts that stand in `term` and in what it points to."""
    notation, label = str(term["id"]), str(term["label"])
    match scheme:
        case "measurement":
            return _measurement(term, terms)
        case "measurement-group":
            return _group(notation, terms)
        case "legacy-measurement":
            return _legacy_measurement(term)
        case "legacy-ontology":
            return _legacy_branch(notation, terms)
        case "node":
            kind = terms.by_scheme["node-type"][str(term["nodeType"])]
            return (
                f"{kind['label']} with the VSN {notation} and the node id {term['nodeId']}. "
                "Its place is not recorded."
            )
        case "legacy-node":
            return _legacy_node(term, terms)
        case "unit":
            return _unit(term)
        case "coco-class":
            return (
                f"Object class “{label}”, one of the 80 COCO classes that Sage's object counter "
                "tells apart and whose counts it publishes as env.count.OBJECT."
            )
        case "audio-set-class":
            return (
                f"Sound class “{label}”: AudioSet id {notation}, class {term['index']} of the 521 "
                "whose probabilities YAMNet gives."
            )
        case "fire-bench-facet":
            return _facet(notation, terms)
        case "ecr-app":
            name, _, version = notation.partition(":")
            namespace, _, app = name.partition("/")
            return (
                f"Application {app} of the namespace {namespace} in the Edge Code Repository, "
                f"version {version}; its image is {term['image']}."
            )
        case "featured-app":
            namespace, _, app = notation.partition("/")
            return f"Application {app} of the namespace {namespace}, which Sage's portal shows."
        case "base-image":
            return (
                f"Container image {notation}, on which images of Sage applications are built; "
                f"it provides: {term['definition']}."
            )
        case "license-string":
            return _license_string(term)
        case "app-keyword":
            return (
                f"Keyword “{label}”, as authors of Sage applications wrote it in sage.yaml "
                f"({term['source']})."
            )
        case "app-meta-file":
            return (
                f"File {term['definition']} that an application keeps in its folder ecr-meta and "
                f"that the Edge Code Repository serves as {notation}."
            )
        case "legacy-project":
            return (
                f"Project {label} of the Array-of-Things archives: one view of the filter by "
                "which nodes and sensors were published."
            )
        case "project":
            return f"Project or organisation {label}, which owns nodes of the Sage network."
        case "resource" | "compute-hardware":
            return _hardware(scheme, term)
    raise ValueError(f"{scheme}: {notation} has no definition and no rule to compose one")


def _measurement(term: Term, terms: Terms) -> str:
    notation, label = str(term["id"]), str(term["label"])
    words = terms.words.get("measurement", {}).get(notation, {})
    label = str(words.get("label", label))
    named = not labels.is_machine_name(label, notation)
    by = ""
    if sensor := facts.sensor_of("measurement", term, terms):
        made = sensor[1].get("manufacturer")
        by = f" by the sensor {made + ' ' if made else ''}{sensor[1]['label']}"
        if not labels.is_machine_name(str(sensor[1]["definition"]), notation):
            by += f" ({str(sensor[1]['definition']).split(' (meta')[0]})"
    if named:
        said = [f"{label}, published under the name {notation}{by}."]
    else:
        said = [f"Value published under the name {notation}{by}, not described further there."]
    said.append(f"Unit: {term['unit']}." if "unit" in term else "The unit is not recorded.")
    if "valueType" in term:
        said.append(f"Type of value: {term['valueType']}.")
    return " ".join(said)


def _group(notation: str, terms: Terms) -> str:
    held = [m for m in terms.by_scheme["measurement"] if m.rsplit(".", 1)[0] == notation]
    below = [
        g for g, t in terms.by_scheme["measurement-group"].items() if t.get("broader") == notation
    ]
    said = f"Measurements whose names begin with “{notation}.”"
    if held:
        said += f": {_listed(held, 8)}"
    elif below:
        said += f", in the groups {_listed(below, 8)}"
    return said.rstrip(".") + "."


def _legacy_measurement(term: Term) -> str:
    subsystem, sensor, parameter = str(term["id"]).split(".", 2)
    said = (
        f"Parameter {parameter} of the sensor {sensor} in the subsystem {subsystem} of "
        f"Array-of-Things nodes, filed under {term['broader']}."
    )
    said += f" Unit: {term['unit']}." if "unit" in term else " The unit is not recorded."
    bounds = [f"{w} {term[k]:g}" for k, w in (("min", "from"), ("max", "to")) if k in term]
    if bounds:
        said += f" Accepted values: {' '.join(bounds)}."
    return said


def _legacy_branch(notation: str, terms: Terms) -> str:
    held = [m for m, t in terms.by_scheme["legacy-measurement"].items() if t["broader"] == notation]
    below = [
        b for b, t in terms.by_scheme["legacy-ontology"].items() if t.get("broader") == notation
    ]
    said = f"Branch {notation} of the hierarchy in which the Array of Things filed measurements"
    if held:
        return f"{said}; it holds {_listed(held, 6)}."
    return f"{said}; its branches are {_listed([b.rsplit('/', 1)[1] for b in below], 9)}."


def _legacy_node(term: Term, terms: Terms) -> str:
    project = terms.by_scheme["legacy-project"][str(term["project"])]["label"]
    place = str(term.get("address", "TBD"))
    said = f"Array-of-Things node {term['vsn']} of the project {project}"
    said += f" at {place}" if place != "TBD" else ", address not recorded"
    said += f", in service from {str(term['start'])[:10].replace('/', '-')}"
    if "end" in term:
        said += f" to {str(term['end'])[:10].replace('/', '-')}"
    if term.get("definition"):
        said += f". The archive describes it as “{term['definition']}”"
    return said + "."


def _unit(term: Term) -> str:
    spelled = [f"“{a}”" for a in term.get("altLabel", ()) if a]
    said = f"Unit with the UCUM code {term['ucum']}"
    if "qudt" in term and term["qudt"] not in facts.MISSING_IN_QUDT:
        said += f", in QUDT {term['qudt']}"
    return f"{said}; Sage's sources write it {_listed(spelled, 9)}."


def _facet(notation: str, terms: Terms) -> str:
    facet, _, value = notation.partition("/")
    if value:
        return f"Value {value} of the facet {facet} by which the images of FireBench are described."
    known = terms.by_scheme["fire-bench-facet"]
    values = [i.split("/")[1] for i in known if i.startswith(facet + "/")]
    return f"Facet by which the images of FireBench are described; values: {_listed(values, 12)}."


def _license_string(term: Term) -> str:
    said = f"Licence as written in words, “{term['label']}”, in the files of Sage applications"
    if "spdx" in term:
        return f"{said}; taken to mean {term['spdx']} of the SPDX list."
    return f"{said}; it does not say which licence of the SPDX list is meant."


def _hardware(scheme: str, term: Term) -> str:
    kind = "Computer" if scheme == "compute-hardware" else "Part of a node"
    said = f"{kind} listed as {term['id']} in Sage's manifests, model {term['label']}"
    if "manufacturer" in term:
        said += f", made by {term['manufacturer']}"
    if "hwVersion" in term:
        said += f", hardware version {term['hwVersion']}"
    if "capabilities" in term:
        said += f", with {_listed(term['capabilities'], 9)}"
    return said + "."


def _listed(names: Iterable[str], limit: int) -> str:
    names = list(names)
    shown = names[:limit]
    if len(names) > limit:
        return ", ".join(shown) + f" and {len(names) - limit} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
