#!/usr/bin/env python3
"""Other programs read what labwizard writes: python-dotenv, proxmoxer, sh, OpenSSL and HashiCorp's HCL parser.

    python readers.py PROGRAM        (python-dotenv and proxmoxer installed; NODE_PATH leads to @cdktf/hcl2json)

The embedded lab is the host. Each line that is printed says what was proved; the first failure ends it.
"""

import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import dotenv
import requests
from proxmoxer import ProxmoxAPI, ResourceException

HERE = Path(__file__).resolve().parent
TOOL = "apex@pve!glassdome-token"
ROOT = "root@pam!automation"

# Lines that are not labwizard's: every reader must see in them after the write what it saw before.
FOREIGN_ENV = """\
# kept as it is
export APP_NAME="a lab # not a comment"   # a comment
SECRET_KEY='quo"ted $HOME \\n'
EMPTY=
SPACED = two words
MULTI="first
second"
PROXMOX_HOST=10.0.0.5 # the old one
PROXMOX_VERIFY_SSL=true
NUMBER=08
"""
FOREIGN_TFVARS = """\
# kept as it is
region   = "lab \\"one\\" ${"$"}{x}"
machines = {
  web = { cores = 2, tags = ["a", "b"] } // inside
}
proxmox_endpoint = "https://10.0.0.5:8006/" # the old one
motd = <<-EOT
  proxmox_api_token = "not a key"
EOT
numbers = [1, 2.5, -3]
"""


class Lab:
    """`labwizard demo --serve --json`, and a home that nothing else uses."""

    def __init__(self, program: Path, home: Path):
        self.program, self.home = program, home
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [program, "demo", "--serve", "--json"], stdout=subprocess.PIPE, text=True, env=self.environment
        )
        self.host = json.loads(self.process.stdout.readline())["proxmox"][0]
        self.address = self.host["url"].removeprefix("https://")
        self.secrets = {token["id"]: token["secret"] for token in self.host["tokens"]}
        self.users = {user["user"]: user for user in self.host["users"]}

    def close(self):
        self.process.terminate()
        if self.process.wait(timeout=10) != 0:
            fail("the lab did not end well")

    def ran(self, folder: Path, *words: str, **secrets: str):
        """Runs labwizard to a good end, with these secrets in its environment, and holds that it says none of them."""
        run = subprocess.run(
            [self.program, *words], cwd=folder, env=self.environment | secrets, text=True, capture_output=True,
        )  # fmt: skip
        if run.returncode != 0:
            fail(f"labwizard {' '.join(map(str, words))} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
        if any(secret in run.stdout + run.stderr for secret in secrets.values()):
            fail(f"labwizard {words[0]} printed a secret")
        return run

    def login(self, user: str) -> tuple[str, dict]:
        """How an answers file logs this user in, and the variables that it names."""
        known, table = self.users[user], f'login = {{ user = "{user}", password = {{ env = "PVE_PASSWORD" }}'
        variables = {"PVE_PASSWORD": known["password"]}
        if known["recovery"]:
            # Each is good once.
            variables["PVE_RECOVERY"] = known["recovery"].pop()
            table += ', recovery = { env = "PVE_RECOVERY" }'
        elif known["totp"]:
            variables["PVE_TOTP"] = totp(known["totp"])
            table += ', totp = { env = "PVE_TOTP" }'
        return table + " }\n", variables

    def answers(self, folder: Path, name: str, first: str, last: str) -> Path:
        file = folder / name
        trust = f'[proxmox]\nhost = "{self.address}"\ntrust = "sha256:{self.host["fingerprint"]}"\n'
        file.write_text(first + trust + last)
        return file

    def apply(self, target: str, file: str, before: str | None = None, token: str = TOOL, **more: str) -> Path:
        """Writes `file` for `target` in a new folder, over `before` where that is given."""
        folder = Path(tempfile.mkdtemp(prefix=f"{target}-", dir=self.home))
        if before is not None:
            (folder / file).write_text(before)
        user, name = token.split("!")
        answers = folder / "answers.toml"
        answers.write_text(
            "".join(f"{key} = {json.dumps(value)}\n" for key, value in {"target": target, "file": file, **more}.items())
            + f'[proxmox]\nhost = "{self.address}"\ntrust = "sha256:{self.host["fingerprint"]}"\n'
            + f'user = "{user}"\ntoken_name = "{name}"\nsecret = {{ env = "PVE_SECRET" }}\nnode = "{self.host["node"]}"\n'
        )
        run = subprocess.run(
            [self.program, "apply", "--answers", answers, "--yes", "--json"],
            cwd=folder, env=self.environment | {"PVE_SECRET": self.secrets[token]}, text=True, capture_output=True,
        )  # fmt: skip
        if run.returncode != 0:
            fail(f"labwizard apply for {target} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
        if self.secrets[token] in run.stdout + run.stderr:
            fail("labwizard apply printed the secret")
        return folder / file


def totp(secret: str) -> str:
    """The code of this moment (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(time.time() // 30).to_bytes(8), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def fail(why: str):
    sys.exit(f"FAILED: {why}")


def proved(what: str):
    print(f"ok: {what}", flush=True)


def same(seen, wanted, what: str):
    if seen != wanted:
        fail(f"{what}: read {seen!r}, and {wanted!r} was meant")


def signs_in(lab: Lab, what: str, **how):
    api = ProxmoxAPI(**how)
    same(api.version.get()["version"], lab.host["release"], f"{what}: version")
    guests = api.nodes(lab.host["node"]).qemu.get()
    if not any(guest.get("template") for guest in guests):
        fail(f"{what}: the token sees no template")
    proved(f"{what} ({len(guests)} machines seen)")


def glassdome_unverified(lab: Lab):
    file = lab.apply("glassdome", ".env", FOREIGN_ENV, verify="off")
    seen, before = dotenv.dotenv_values(file), folder_values(lab, FOREIGN_ENV)
    written = {
        "PROXMOX_HOST": lab.address,
        "PROXMOX_USER": "apex@pve",
        "PROXMOX_TOKEN_NAME": "glassdome-token",
        "PROXMOX_TOKEN_VALUE": lab.secrets[TOOL],
        "PROXMOX_VERIFY_SSL": "false",
        "PROXMOX_NODE": lab.host["node"],
    }
    for key, value in written.items():
        same(seen[key], value, f"python-dotenv, {key}")
    foreign = [key for key in before if key not in written]
    for key in foreign:
        same(seen[key], before[key], f"python-dotenv, the foreign {key}")
    proved(f"python-dotenv reads {len(written)} written values, and {len(foreign)} foreign ones as before")
    signs_in(
        lab, "proxmoxer signs in with Glassdome's .env, unverified",
        host=seen["PROXMOX_HOST"], user=seen["PROXMOX_USER"], token_name=seen["PROXMOX_TOKEN_NAME"],
        token_value=seen["PROXMOX_TOKEN_VALUE"], verify_ssl=seen["PROXMOX_VERIFY_SSL"] == "true",
    )  # fmt: skip


def folder_values(lab: Lab, text: str) -> dict:
    file = Path(tempfile.mkdtemp(dir=lab.home)) / ".env"
    file.write_text(text)
    return dotenv.dotenv_values(file)


def glassdome_verified(lab: Lab):
    file = lab.apply("glassdome", ".env", verify="ca")
    seen = dotenv.dotenv_values(file)
    same(seen["PROXMOX_VERIFY_SSL"], "true", "python-dotenv, PROXMOX_VERIFY_SSL")
    os.environ["REQUESTS_CA_BUNDLE"] = seen["REQUESTS_CA_BUNDLE"]
    try:
        signs_in(
            lab, "proxmoxer signs in with Glassdome's .env, verified by REQUESTS_CA_BUNDLE",
            host=seen["PROXMOX_HOST"], user=seen["PROXMOX_USER"], token_name=seen["PROXMOX_TOKEN_NAME"],
            token_value=seen["PROXMOX_TOKEN_VALUE"], verify_ssl=True,
        )  # fmt: skip
    finally:
        del os.environ["REQUESTS_CA_BUNDLE"]
    try:
        requests.get(lab.host["url"], timeout=10)
    except requests.exceptions.SSLError:
        proved("without that CA the same connection is refused, so the CA is what verifies it")
    else:
        fail("the lab's certificate was accepted without its CA")


def plain_env(lab: Lab):
    file = lab.apply("proxmox-env", ".env", verify="ca")
    seen = dotenv.dotenv_values(file)
    user, name = seen["PROXMOX_TOKEN_ID"].split("!")
    signs_in(
        lab, "proxmoxer signs in with the plain .env, verified by the CA file beside it",
        host=seen["PROXMOX_HOST"], port=int(seen["PROXMOX_PORT"]), user=user, token_name=name,
        token_value=seen["PROXMOX_TOKEN_SECRET"], verify_ssl=seen["PROXMOX_CA_FILE"],
    )  # fmt: skip
    sourced(file, seen, "the plain .env")
    strict(lab, Path(seen["PROXMOX_CA_FILE"]))


def sourced(file: Path, wanted: dict, what: str):
    """`sh` reads the file as `set -a; . ./.env` does, and another program gets the values."""
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    run = subprocess.run(
        ["sh", "-c", 'set -a; . "./$1"; exec "$2" -c "$3"', "sh", file.name, sys.executable, show],
        cwd=file.parent, env={"PATH": os.environ["PATH"]}, text=True, capture_output=True,
    )  # fmt: skip
    if run.returncode != 0 or run.stderr:
        fail(f"sh could not read {what}: {run.stderr}")
    seen = json.loads(run.stdout)
    for key, value in wanted.items():
        same(seen.get(key), value, f"sh, {key}")
    proved(f"sh gives a program all {len(wanted)} values of {what}")


def strict(lab: Lab, ca: Path):
    """Python 3.13 and newer verify strictly by default; here it is asked for."""
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    address, port = lab.address.rsplit(":", 1)
    with socket.create_connection((address, int(port)), 10) as plain:
        with context.wrap_socket(plain, server_hostname=address) as stream:
            leaf = ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True))
    proved("Python's strict verification accepts the CA file that was written")
    if shutil.which("openssl") is None:
        print("SKIPPED: openssl is not here")
        return
    (lab.home / "leaf.pem").write_text(leaf)
    run = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-verify_ip", address, "-CAfile", ca, lab.home / "leaf.pem"],
        text=True, capture_output=True,
    )  # fmt: skip
    if run.returncode != 0:
        fail(f"openssl verify: {run.stdout}{run.stderr}")
    proved("openssl verify -x509_strict accepts it too")


def hcl(file: Path) -> dict:
    run = subprocess.run(["node", HERE / "hcl.cjs", file], text=True, capture_output=True)
    if run.returncode != 0:
        fail(f"hcl2json: {run.stderr}")
    return json.loads(run.stdout)


def tfvars(lab: Lab):
    before = lab.home / "before.tfvars"
    before.write_text(FOREIGN_TFVARS)
    file = lab.apply("opentofu-bpg", "terraform.tfvars", FOREIGN_TFVARS, ROOT, form="tfvars", verify="off")
    written = {
        "proxmox_endpoint": lab.host["url"],
        "proxmox_api_token": f"{ROOT}={lab.secrets[ROOT]}",
        "proxmox_insecure": True,
        "proxmox_node": lab.host["node"],
    }
    seen, old = hcl(file), hcl(before)
    same(seen, old | written, "hcl2json, the whole file")
    proved(f"hcl2json reads {len(written)} written values, and {len(old) - 1} foreign ones as before")


def tf_var_lines(lab: Lab):
    file = lab.apply("opentofu-bpg", ".env", token=ROOT, form="TF_VAR lines", verify="off")
    wanted = {
        "TF_VAR_proxmox_endpoint": lab.host["url"],
        "TF_VAR_proxmox_api_token": f"{ROOT}={lab.secrets[ROOT]}",
        "TF_VAR_proxmox_insecure": "true",
    }
    sourced(file, wanted, "the TF_VAR lines")


def made_and_taken_back(lab: Lab):
    """labwizard logs in, makes the token, and writes it; it works; it is taken back, and does not."""
    for maker, undoer in (("admin@pve", "root@pam"), ("root@pam", "keys@pve")):
        folder = Path(tempfile.mkdtemp(prefix="made-", dir=lab.home))
        before = "# mine\nOTHER=1\n"
        (folder / ".env").write_text(before)
        login, secrets = lab.login(maker)
        answers = lab.answers(
            folder, "answers.toml", 'target = "glassdome"\nfile = ".env"\nverify = "off"\n',
            f'node = "{lab.host["node"]}"\ncreate = {{ rights = "least", expire = "90d" }}\n{login}',
        )  # fmt: skip
        said = lab.ran(folder, "apply", "--answers", answers, "--yes", **secrets).stdout
        seen = dotenv.dotenv_values(folder / ".env")
        same(seen["OTHER"], "1", "python-dotenv, the foreign OTHER")
        how = {
            "host": seen["PROXMOX_HOST"], "user": seen["PROXMOX_USER"], "token_name": seen["PROXMOX_TOKEN_NAME"],
            "token_value": seen["PROXMOX_TOKEN_VALUE"], "verify_ssl": False,
        }  # fmt: skip
        signs_in(lab, f"proxmoxer signs in with the token that labwizard made as {maker}", **how)
        made = f'{how["user"]}!{how["token_name"]}'
        with_it = ProxmoxAPI(**how)
        refused(403, lambda: with_it.access.users.post(userid="more@pve"), f"{made} may not make a user")
        refused(403, lambda: with_it.nodes(lab.host["node"]).status.get(), f"{made} may not look at the node")
        # By its name: runs of one second have no order in the list.
        run = said.split("labwizard undo ")[1].split()[0]
        login, secrets = lab.login(undoer)
        answers = lab.answers(folder, "undo.toml", "", login)
        lab.ran(folder, "undo", run, "--answers", answers, "--yes", **secrets)
        refused(401, lambda: with_it.version.get(), f"after labwizard undo as {undoer} its secret")
        same((folder / ".env").read_text(), before, "the file after labwizard undo")


def refused(status: int, call, what: str):
    try:
        call()
    except ResourceException as error:
        same(error.status_code, status, what)
        proved(f"{what}: {status}")
    else:
        fail(f"{what}: it was not refused")


def main():
    warnings.simplefilter("ignore")  # requests warns of each unverified connection, which is the point of that test
    home = Path(tempfile.mkdtemp(prefix="labwizard-readers-"))
    lab = Lab(Path(sys.argv[1]).resolve(), home)
    try:
        for check in (glassdome_unverified, glassdome_verified, plain_env, tfvars, tf_var_lines, made_and_taken_back):
            check(lab)
        lab.close()
    finally:
        lab.process.kill()
        shutil.rmtree(home)


if __name__ == "__main__":
    main()
