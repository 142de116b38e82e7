"""Adds up JUnit files as Meson writes them: every GoogleTest case and TAP line counts as one test.

Exits 1 if anything failed or nothing ran."""
import sys
import xml.etree.ElementTree as tree

passed, failed, skipped = 0, [], []
for path in sys.argv[1:]:
    try:
        cases = list(tree.parse(path).getroot().iter("testcase"))
    except (OSError, tree.ParseError) as error:
        failed.append(f"{path}: {error}")
        continue
    for case in cases:
        name = f"{case.get('classname', '')} {case.get('name', '')}".strip()
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif case.find("skipped") is not None:
            skipped.append(name)
        else:
            passed += 1
for name in failed:
    print(f"failed: {name}")
for name in skipped:
    print(f"skipped: {name}")
print(f"{passed} passed, {len(failed)} failed")
sys.exit(1 if failed or passed == 0 else 0)
