//! The files of the other targets, healthy.

use std::path::Path;

use labwizard::lab::config::Facts;

/// Name and text. The code around it is put into the folder.
pub fn of(target: &str, facts: &Facts, folder: &Path) -> (String, String) {
    let (name, text, provider) = match target {
        "opentofu-telmate" => ("terraform.tfvars", TELMATE, Some("Telmate/proxmox")),
        "opentofu-bpg" => ("terraform.tfvars", BPG, Some("bpg/proxmox")),
        "proxmox-env" => (".env", PLAIN, None),
        other => panic!("no file of “{other}” is here"),
    };
    if let Some(provider) = provider {
        std::fs::write(folder.join("main.tf"), code(provider, text)).unwrap();
    }
    (name.to_owned(), filled(text, facts))
}

const TELMATE: &str = "\
proxmox_api_url          = \"https://{address}/api2/json\"
proxmox_api_token_id     = \"{id}\"
proxmox_api_token_secret = \"{secret}\"
proxmox_tls_insecure     = true
proxmox_node             = \"pve1\"
";

const BPG: &str = "\
proxmox_endpoint  = \"https://{address}/\"
proxmox_api_token = \"{id}={secret}\"
proxmox_insecure  = true
proxmox_node      = \"pve1\"
";

const PLAIN: &str = "\
PROXMOX_HOST=127.0.0.1
PROXMOX_PORT={port}
PROXMOX_TOKEN_ID={id}
PROXMOX_TOKEN_SECRET={secret}
PROXMOX_VERIFY_SSL=true
PROXMOX_CA_FILE={ca}
PROXMOX_NODE=pve1
";

/// Code that declares all variables that the text sets.
fn code(source: &str, text: &str) -> String {
    let variables: String = text
        .lines()
        .map(|line| format!("variable \"{}\" {{}}\n", line.split('=').next().unwrap_or_default().trim()))
        .collect();
    format!("terraform {{\n  required_providers {{\n    proxmox = {{ source = \"{source}\" }}\n  }}\n}}\n{variables}")
}

/// The text with what the lab and its token have in the holes.
pub fn filled(text: &str, facts: &Facts) -> String {
    let port = facts.address.rsplit_once(':').map_or("", |(_, port)| port);
    let id = format!("{}!{}", facts.user, facts.name);
    text.replace("{address}", &facts.address)
        .replace("{port}", port)
        .replace("{user}", &facts.user)
        .replace("{name}", &facts.name)
        .replace("{id}", &id)
        .replace("{secret}", &facts.secret)
        .replace("{ca}", facts.ca.as_deref().unwrap_or_default())
}
