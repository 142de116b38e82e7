"""The machine that measurements are made on: which CPU is for whom, when it is quiet, and what a reader has to know about it."""
import datetime
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
SERVER_CPU, LOAD_CPU = 0, 1
QUIET_IDLE_SHARE = 0.9  # of all CPUs, before a round starts
QUIET_SAMPLE_SECONDS = 0.2


def output_of(*command):
    """What the command prints, or nothing if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def require(*command):
    """Runs a build step; its own words are enough when it fails."""
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit(f"bench/peers/run: this failed: {shlex.join(command)}")


def build(directory, targets):
    """Installs the packages of the peers and builds `targets`."""
    tool = ["tools/build", f"--dir={directory}", "--scope=peers", "--scope=test"]
    require(*tool, "--packages_only")
    if (ROOT / directory / "build.ninja").exists():
        known = re.findall(r"^(\S+):", output_of("ninja", "-C", directory, "-t", "targets", "all"), re.MULTILINE)
        if set(targets) - set(known):
            # Configured before the packages of this scope were there.
            require("meson", "setup", "--reconfigure", directory)
    require(*tool, *targets)


def require_cpus():
    if not {SERVER_CPU, LOAD_CPU} <= os.sched_getaffinity(0):
        sys.exit(f"bench/peers/run: found CPUs {sorted(os.sched_getaffinity(0))}, "
                 f"need {SERVER_CPU} for the server and {LOAD_CPU} for the load")


def idle_seconds():
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")  # idle and iowait, of all CPUs


class Patience:
    """The time that a run may still spend on waiting for a quiet machine and on measuring disturbed rounds again."""

    def __init__(self, seconds):
        self.seconds_left = seconds

    def wait_for_quiet(self):
        while self.seconds_left > 0:
            before = idle_seconds()
            time.sleep(QUIET_SAMPLE_SECONDS)
            self.seconds_left -= QUIET_SAMPLE_SECONDS
            if idle_seconds() - before > QUIET_IDLE_SHARE * QUIET_SAMPLE_SECONDS * os.cpu_count():
                return

    def spend(self, seconds):
        self.seconds_left -= seconds


def cpu_model():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def describe(packages, command):
    """{what: its description}; `packages` are those whose versions matter, `command` repeats the run."""
    versions = [f"{name} {version}" for name in packages if (version := output_of("dpkg-query", "-W", "-f", "${Version}", name))]
    return {
        "Machine": f"{cpu_model()}, {os.cpu_count()} CPUs; server on CPU {SERVER_CPU}, load on CPU {LOAD_CPU}",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Compiler": output_of("c++", "--version").partition("\n")[0],
        "Packages": ", ".join(versions) or "unknown",
        "Revision": output_of("git", "describe", "--always", "--dirty") or "unknown",
        "Date": datetime.date.today().isoformat(),
        "Command": f"`{command}`",
    }
