//! The answers of a conversation as a file.

use toml_edit::{DocumentMut, Item, Table, value};

use super::making;
use crate::domain::Trust;
use crate::wizard::Wizard;
use crate::wizard::step::{access, details, file, host, instance, ssh, token, tool, trust, uses};

/// The answers of this conversation for an unattended run, without secrets.
pub fn file(w: &Wizard) -> String {
    let mut document = DocumentMut::new();
    if let Some(target) = w.draft.choice(&tool::TARGET) {
        document["target"] = value(target.as_str());
    }
    if let Some(form) = file::form(w).filter(|_| !tool::token_only(w)) {
        document["form"] = value(form.name.as_str());
    }
    if let Some(path) = file::path(w).filter(|_| !tool::token_only(w)) {
        let relative = path.strip_prefix(&w.setting.here).map_or_else(|_| path.clone(), std::path::Path::to_owned);
        document["file"] = value(relative.display().to_string());
        document["verify"] = value(details::verify_word(w));
        if instance::number(w) > 1 {
            document["instance"] = value(i64::from(instance::number(w)));
        }
    }
    let mut proxmox = Table::new();
    if let Some(endpoint) = host::endpoint(w) {
        proxmox["host"] = value(endpoint.to_string());
    }
    if let Some(agreed) = trust::agreed(w) {
        proxmox["trust"] = value(match &agreed.trust {
            Trust::Pin(fingerprint) => format!("sha256:{fingerprint}"),
            Trust::Ca(_) if !w.draft.text(&trust::CA_FILE).is_empty() => {
                format!("ca:{}", w.draft.text(&trust::CA_FILE))
            }
            Trust::Ca(_) => format!("sha256:{}", agreed.seen.fingerprint),
            Trust::System => "system".into(),
            Trust::Unverified => "insecure".into(),
        });
    }
    if access::over_ssh(w)
        && let Ok(place) = ssh::place(w)
    {
        proxmox["ssh"] = value(place.to_string());
    }
    if access::makes(w) {
        making::write(w, &mut proxmox);
    }
    let secret = match token::credential(w).filter(|_| !access::makes(w)) {
        Some(crate::domain::Credential::Token { id, .. }) => {
            proxmox["user"] = value(id.user.to_string());
            proxmox["token_name"] = value(id.name.as_str());
            Some(("secret", "PVE_SECRET"))
        }
        Some(crate::domain::Credential::Password { user, .. }) => {
            proxmox["user"] = value(user.to_string());
            Some(("password", "PVE_PASSWORD"))
        }
        Some(crate::domain::Credential::Ticket(_) | crate::domain::Credential::Shell(_)) | None => None,
    };
    if let Some((name, variable)) = secret {
        let mut from = toml_edit::InlineTable::new();
        from.insert("env", variable.into());
        proxmox[name] = value(from);
    }
    document["proxmox"] = Item::Table(proxmox);
    let picks: Table = details::picks(w).into_iter().map(|(name, picked)| (name, value(picked))).collect();
    if !picks.is_empty() {
        document["picks"] = Item::Table(picks);
    }
    let groups: Table = uses::chosen(w).into_iter().map(|name| (name, value(true))).collect();
    if !groups.is_empty() {
        document["groups"] = Item::Table(groups);
    }
    format!(
        "# Answers for: labwizard apply --answers FILE\n# No secret is in here; each is taken from where the file says.\n{document}"
    )
}
