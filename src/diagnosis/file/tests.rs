//! Small files, each with one thing wrong: what is said of it, and that the mended file is silent.

pub(crate) mod faults;
mod place;
mod written;

use std::path::PathBuf;

use crate::diagnosis::config::{Config, Scene, understand};
use crate::domain::file::{Base, Folder, Identity, There};
use crate::domain::finding::{Finding, Mend, Severity};
use crate::domain::{Around, Digest, FileSeen, Text};
use crate::target::Library;

/// A secret that nobody uses.
const SECRET: &str = "00000000-0000-4000-8000-000000000004";

pub(crate) fn seen(path: &str, text: Option<&str>, mode: u32) -> FileSeen {
    let identity = Identity { device: 1, inode: 2, size: 3, modified: (4, 5) };
    let base = Base { digest: Digest::of(b""), identity };
    FileSeen {
        given: PathBuf::from(path),
        path: PathBuf::from(path),
        there: text.map(|text| There { text: Text::new(text), base, mode, uid: 0, gid: 0, links: 1 }),
        folder: Folder { exists: true, writable: true, identity: None },
        oddities: Vec::new(),
    }
}

fn read_with(path: &str, text: &str, around: &Around, environment: &[String]) -> Result<Config, Box<Finding>> {
    let library = Library::built_in();
    let seen = seen(path, Some(text), 0o600);
    understand(Scene { library: &library, seen: &seen, around, environment })
}

pub(crate) fn config(path: &str, text: &str) -> Config {
    read_with(path, text, &Around::default(), &[]).unwrap_or_else(|finding| panic!("{finding:?}\n{text}"))
}

/// Code, severity and mends of each finding, as one line each.
pub(crate) fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let mends: Vec<String> = finding.mends.iter().map(mend).collect();
            let gravity = match finding.severity {
                Severity::Error => "!",
                Severity::Warning => "~",
                Severity::Info => ".",
            };
            format!("{gravity} {} {}", finding.code, mends.join(" ")).trim_end().to_owned()
        })
        .collect()
}

fn mend(mend: &Mend) -> String {
    match mend {
        Mend::Ask(id) => format!("ask:{id}"),
        Mend::Rewrite { key } => format!("rewrite:{key}"),
        Mend::Remove { key, line } => format!("remove:{key}:{line}"),
        Mend::Switch { key, word, .. } => format!("switch:{key}:{word}"),
        Mend::Port { key, line } => format!("port:{key}:{line}"),
        other => format!("{other:?}"),
    }
}

fn all_text(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding:?}\n")).collect()
}

/// A file of each target and form that nothing is wrong with.
pub(crate) fn good(which: &str) -> (&'static str, String) {
    let (path, text) = match which {
        "glassdome" => (
            "/lab/.env",
            "PROXMOX_HOST=pve.lan\nPROXMOX_USER=a@pve\nPROXMOX_TOKEN_NAME=tok\nPROXMOX_TOKEN_VALUE=@@\n\
             PROXMOX_VERIFY_SSL=false\nPROXMOX_NODE=pve\nLAB_PROXMOX_INSTANCE=01\n",
        ),
        "bpg" => (
            "/lab/terraform.tfvars",
            "proxmox_endpoint  = \"https://pve.lan:8006\"\nproxmox_api_token = \"a@pve!tok=@@\"\nproxmox_insecure  = true\n",
        ),
        "bpg-env" => (
            "/lab/.env",
            "PROXMOX_VE_ENDPOINT=https://pve.lan:8006\nPROXMOX_VE_API_TOKEN='a@pve!tok=@@'\nPROXMOX_VE_INSECURE=true\n",
        ),
        "bpg-vars" => {
            ("/lab/.env", "TF_VAR_proxmox_endpoint=https://pve.lan:8006\nTF_VAR_proxmox_api_token='a@pve!tok=@@'\n")
        }
        "telmate" => (
            "/lab/terraform.tfvars",
            "proxmox_api_url          = \"https://pve.lan:8006/api2/json\"\nproxmox_api_token_id     = \"a@pve!tok\"\n\
             proxmox_api_token_secret = \"@@\"\nproxmox_tls_insecure     = true\n",
        ),
        "telmate-env" => (
            "/lab/.env",
            "PM_API_URL=https://pve.lan:8006/api2/json\nPM_API_TOKEN_ID='a@pve!tok'\nPM_API_TOKEN_SECRET=@@\n",
        ),
        "plain" => (
            "/lab/.env",
            "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_TOKEN_ID='a@pve!tok'\nPROXMOX_TOKEN_SECRET=@@\n\
             PROXMOX_VERIFY_SSL=false\n",
        ),
        "plain-password" => (
            "/lab/.env",
            "PROXMOX_HOST=pve.lan\nPROXMOX_PORT=8006\nPROXMOX_USER=a@pve\nPROXMOX_PASSWORD=hunter22\nPROXMOX_TOKEN_ID=\n\
             PROXMOX_VERIFY_SSL=false\n",
        ),
        "depl0y" => (
            "/lab/depl0y-host.env",
            "name=home\nhostname=pve.lan\nport=8006\nusername=a@pve\napi_token_id=a@pve!tok\napi_token_secret=@@\n\
             verify_ssl=false\n",
        ),
        other => panic!("{other}"),
    };
    (path, text.replace("@@", SECRET))
}

const ALL_GOOD: [&str; 9] =
    ["glassdome", "bpg", "bpg-env", "bpg-vars", "telmate", "telmate-env", "plain", "plain-password", "depl0y"];
