//! Example files: which one a new file starts from, and which files never receive a secret.

/// The example that a new file starts from, of a listing of paths relative to the chosen folder: one in the same folder that is
/// named after the file, else the only one of its kind there.
pub fn example_for<'l>(file: &str, listing: &'l [String]) -> Option<&'l str> {
    let (folder, name) = split(file);
    let here = || listing.iter().map(String::as_str).filter(|path| split(path).0 == folder && is_example(path));
    let plain = name.strip_prefix('.').unwrap_or(name);
    for end in ENDS {
        for named in [format!("{name}.{end}"), format!("{plain}.{end}")] {
            if let Some(path) = here().find(|path| split(path).1 == named) {
                return Some(path);
            }
        }
    }
    // `terraform.tfvars` may start from the only `lab.tfvars.example`, and `mine.env` from the only `theirs.env.example`.
    let kind = name.rsplit_once('.').map(|(_, kind)| kind)?;
    let kind_of = |path: &str| ENDS.iter().any(|end| path.ends_with(&format!(".{kind}.{end}")));
    let mut same_kind = here().filter(|path| kind_of(path));
    match (same_kind.next(), same_kind.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

const ENDS: [&str; 4] = ["example", "sample", "template", "dist"];

/// Whether a file is an example by its name. It never receives a secret.
pub fn is_example(path: &str) -> bool {
    let name = split(path).1.to_ascii_lowercase();
    ENDS.iter().any(|end| {
        name.ends_with(&format!(".{end}")) || name.contains(&format!(".{end}.")) || name.starts_with(&format!("{end}."))
    })
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|p| (*p).to_owned()).collect()
    }

    #[test]
    fn a_new_file_starts_from_the_example_that_is_named_after_it() {
        let table: &[(&str, &[&str], Option<&str>)] = &[
            (".env", &["env.example", "README"], Some("env.example")),
            (".env", &[".env.example", "env.example"], Some(".env.example")),
            (".env", &[".env.sample"], Some(".env.sample")),
            (".env", &[".env.template"], Some(".env.template")),
            (".env", &[".env.dist"], Some(".env.dist")),
            (".env", &["sub/.env.example"], None),
            ("config/proxmox_api.env", &["config/proxmox_api.env.example"], Some("config/proxmox_api.env.example")),
            ("mas.env", &["theirs.env.example"], Some("theirs.env.example")),
            ("mas.env", &["a.env.example", "b.env.example"], None),
            ("tofu/env/lab.tfvars", &["tofu/env/lab.tfvars.example"], Some("tofu/env/lab.tfvars.example")),
            ("terraform.tfvars", &["lab.tfvars.example"], Some("lab.tfvars.example")),
            ("terraform.tfvars", &["main.tf"], None),
        ];
        for (file, files, expected) in table {
            let files = listing(files);
            assert_eq!(example_for(file, &files), *expected, "{file}");
        }
    }

    #[test]
    fn examples_are_known_by_their_names() {
        for example in [
            ".env.example",
            "env.example",
            "x/lab.tfvars.example",
            ".env.dist",
            "config.example.json",
            "env.local.example.txt",
        ] {
            assert!(is_example(example), "{example}");
        }
        for real in [".env", "lab.tfvars", "terraform.tfvars", "example/terraform.tfvars", ".env.local"] {
            assert!(!is_example(real), "{real}");
        }
    }

    #[test]
    fn placeholders_of_real_example_files_are_seen_and_real_values_are_not() {
        for value in [
            "your-proxmox-ip-or-hostname",
            "your-token-secret-here",
            "your_secure_root_password_here",
            "<uuid-secret>",
            "<same-as-root-or-separate>",
            "https://YOUR_PROXMOX_IP:8006/api2/json",
            "YOUR-API-TOKEN-HERE",
            "CHANGE-THIS-PASSWORD",
            "CHANGEME",
            "https://pve.example.com",
            "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
            "secret-hex",
            "12345678-1234-1234-1234-123456789abc",
            "xxxx",
        ] {
            assert!(crate::domain::placeholder(value).is_some(), "{value}");
        }
        for real in [
            "apex@pve",
            "192.168.1.50",
            "pve.lan",
            "glass-token",
            "00000000-0000-4000-8000-000000000001",
            "true",
            "",
            "root@pam",
            "[fd00::1]",
            "my-node",
        ] {
            assert!(crate::domain::placeholder(real).is_none(), "{real}");
        }
    }
}
