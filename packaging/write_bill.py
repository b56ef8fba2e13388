#!/usr/bin/env python3
"""Writes into the files of a package, before they are packed, what they are made of and under which licences.

  share/doc/winnow-PACKAGE/sbom.spdx.json   SPDX 2.3: every file with its hashes, every part with version and licence
  share/doc/winnow-PACKAGE/copyright        the same in words
  share/doc/winnow-PACKAGE/licences/PART/   the texts, as the parts came with them

The facts are those of packaging/parts.json. Versions are those of what was built with: pinned ones by scripts/setup.sh, those of
headers compiled in by Debian's packages. Fails if a text or a version is not there.
"""
import argparse
import datetime
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
DEPS = SOURCE / ".deps"
OURS = ("libwinnow_torch_engine.so", "winnow-measure")  # of what lies beside the libraries of others


def fail(text):
    sys.exit(f"write_bill: {text}")


def debian_version(package):
    asked = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    return asked.stdout if asked.returncode == 0 else fail(f"{package} is not installed: which version was compiled in?")


def version_of(part, parts):
    if "within" in part:
        return None  # it came inside another part, which has a version
    if "pinned" in part:
        file = DEPS / f"{part['pinned']}.version"
        return file.read_text().strip() if file.exists() else fail(f"{file} is missing; run scripts/setup.sh")
    return debian_version(part["debian"]) if "debian" in part else part["version"]


def copy_texts(part, folder):
    """The licences that come with the part; returns where they lie, or None for a part that another one speaks for."""
    target = folder / re.sub(r"\W+", "-", part["name"].lower())
    if "debian" in part:
        target.mkdir(parents=True)
        shutil.copyfile(f"/usr/share/doc/{part['debian']}/copyright", target / "copyright")
    for name in part.get("texts", []):
        origin = DEPS / "licences" / name
        if not origin.is_dir():
            fail(f"{origin} is missing: the licences of {part['name']}; run scripts/setup.sh")
        shutil.copytree(origin, target)
    return target if target.exists() else None


def spdx_id(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", text)


def describe_part(part, version):
    described = {
        "SPDXID": spdx_id(f"Part-{part['name']}"), "name": part["name"], "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": part["licence"], "licenseDeclared": part["licence"], "copyrightText": "Copyright " + part["copyright"]}
    if version:
        described["versionInfo"] = version
        purl = f"pkg:deb/debian/{part['debian']}" if "debian" in part else part.get("purl")
        if purl:
            described["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                          "referenceLocator": f"{purl}@{version}"}]
    return described


def owner(path, parts):
    return next((part for part in parts if any(fnmatch.fnmatch(path, pattern) for pattern in part.get("files", []))), None)


def describe_file(root, path, parts):
    content = (root / path).read_bytes()
    part = owner(path, parts)
    if part is None and path.startswith("lib/winnow/") and pathlib.PurePath(path).name not in OURS:
        fail(f"{path}: no part of packaging/parts.json owns it")
    licence = part["licence"] if part else "Apache-2.0"
    if "/licences/" in path:
        licence = "NOASSERTION"
    return {"SPDXID": spdx_id(f"File-{hashlib.sha1(path.encode()).hexdigest()[:16]}"), "fileName": f"./{path}",
            "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                          {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}],
            "licenseConcluded": licence, "licenseInfoInFiles": ["NOASSERTION"],
            "copyrightText": "Copyright " + part["copyright"] if part else "NOASSERTION"}


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def write_bill(bill, package, version, root, parts, versions, licences):
    paths = sorted(str(file.relative_to(root)) for file in root.rglob("*") if file.is_file())
    files = [describe_file(root, path, parts) for path in paths]
    hashes = sorted(file["checksums"][0]["checksumValue"] for file in files)
    me = spdx_id(f"Package-{package}")
    ids = {part["name"]: spdx_id(f"Part-{part['name']}") for part in parts}
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", me)]
    for part in parts:
        if "within" in part:
            relations.append(relation(ids[part["within"]], "CONTAINS", ids[part["name"]]))
        else:
            relations.append(relation(me, "STATIC_LINK" if "debian" in part else "CONTAINS", ids[part["name"]]))
    for path, file in zip(paths, files):
        part = owner(path, parts)
        if part:
            relations.append(relation(file["SPDXID"], "GENERATED_FROM", ids[part["name"]]))
    used = {name for part in parts for name in re.findall(r"LicenseRef-[\w.-]+", part["licence"])}
    moment = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.datetime.now().timestamp())),
                                             datetime.timezone.utc)
    verification = hashlib.sha1("".join(hashes).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{package}-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{package}-{version}-{verification}",
        "creationInfo": {"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: winnow-write_bill"]},
        "packages": [{
            "SPDXID": me, "name": package, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": verification},
            "licenseConcluded": " AND ".join(sorted({"Apache-2.0", *(f"({part['licence']})" if " " in part["licence"] else
                                                                     part["licence"] for part in parts)})),
            "licenseDeclared": "Apache-2.0", "licenseInfoFromFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION"}]
        + [describe_part(part, versions[part["name"]]) for part in parts],
        "files": files, "relationships": relations}
    if used:
        document["hasExtractedLicensingInfos"] = [
            {"licenseId": name, "name": licences[name]["name"], "extractedText": licences[name]["text"]} for name in sorted(used)]
    bill.write_text(json.dumps(document, indent=1) + "\n")


def write_copyright(file, package, parts, versions, texts):
    lines = [f"{package} is winnow, under the Apache License 2.0 (/usr/share/common-licenses/Apache-2.0), and holds:", ""]
    for part in parts:
        where = f"within {part['within']}" if "within" in part else versions[part["name"]]
        lines += [f"{part['name']} ({where})", f"  Copyright {part['copyright']}", f"  Licence: {part['licence']}"]
        if texts[part["name"]]:
            lines.append(f"  Texts: licences/{texts[part['name']].name}/")
        lines.append("")
    file.write_text("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", choices=["runtime", "training"])
    parser.add_argument("--root", required=True, type=pathlib.Path, help="what will be /usr")
    parser.add_argument("--version", required=True)
    arguments = parser.parse_args()
    facts = json.loads((SOURCE / "packaging/parts.json").read_text())
    parts = [part for part in facts["parts"] if part["package"] in (arguments.package, "both")]
    package = f"winnow-{arguments.package}"
    folder = arguments.root / "share/doc" / package
    bill = folder / "sbom.spdx.json"
    bill.unlink(missing_ok=True)
    shutil.rmtree(folder / "licences", ignore_errors=True)
    (folder / "licences/winnow").mkdir(parents=True)
    shutil.copyfile(SOURCE / "LICENSE", folder / "licences/winnow/LICENSE")
    versions = {part["name"]: version_of(part, parts) for part in parts}
    texts = {part["name"]: copy_texts(part, folder / "licences") for part in parts}
    write_copyright(folder / "copyright", package, parts, versions, texts)
    write_bill(bill, package, arguments.version, arguments.root, parts, versions, facts["licences"])


if __name__ == "__main__":
    main()
